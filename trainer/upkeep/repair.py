"""Damaged files are found before hours of work: what can be made anew is set aside, and what can't
be says so at once."""

from __future__ import annotations

import logging
from collections.abc import Container
from dataclasses import dataclass, field
from pathlib import Path

from trainer.config.settings import Settings
from trainer.errors import DamagedFileError, StageFailed
from trainer.release.contract import DATABASE
from trainer.release.files import current_id, hash_problems, release_dirs, require_intact
from trainer.staging.atomic import link_or_copy, sha256_file, swap_symlink
from trainer.staging.clock import now, version_id
from trainer.staging.lock import build_lock
from trainer.staging.paths import DataDir
from trainer.state.decisions import deciding
from trainer.state.store import read_snapshots
from trainer.upkeep.damage import Damage, find_damage
from trainer.upkeep.quarantine import set_aside

log = logging.getLogger(__name__)


@dataclass
class Repaired:
    """What was found: `done` lines of what was set aside or mended, `left` of what can't be."""

    done: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For people."""
        return [*self.done, *(f"to do: {line}" for line in self.left)] or ["nothing is damaged"]


def heal(settings: Settings) -> Repaired:
    """Set aside what is damaged and can be made anew. Raises `DamagedFileError` for the first thing
    that can't be, before anything is built."""
    found = _mend(DataDir(settings.data_dir), dry_run=False)
    for line in found.done:
        log.info(f"repair: {line}")
    if found.left:
        raise DamagedFileError(
            f"{'; '.join(found.left)}; `trainer repair` lists everything that is damaged"
        )
    return found


def repair(data: DataDir, *, dry_run: bool = False) -> Repaired:
    """Set aside everything damaged, and point `current` at a whole release where it points at none.

    Reads and hashes every byte. Raises `Busy` while a build runs.
    """
    with build_lock(data.lock):
        found = _mend(data, dry_run=dry_run)
        _mend_current(data, found, dry_run)
        for directory in release_dirs(data):
            problems = hash_problems(directory)
            if not problems:
                _mend_link(data, directory, found, dry_run)
            else:
                found.left.append(
                    f"{directory}: {'; '.join(problems)}: restore it with `trainer restore`, or "
                    "delete it where it is not the current one"
                )
        return found


def forget_snapshot(data: DataDir, source: str) -> str:
    """Let the release go on without what was known of `source`; returns a line for people."""
    with build_lock(data.lock):
        if source not in read_snapshots(data.state_db):
            raise StageFailed(f"no snapshot of {source} is known; `trainer sources` lists sources")
        with deciding(data) as db:
            db.execute("DELETE FROM snapshots WHERE source = ?", (source,))
    return f"{source} has no snapshot any more: its next crawl reads it whole"


def require_sound(data: DataDir, chosen: Container[str]) -> None:
    """Raise where a build would fail after its work: the current release is damaged or not there,
    or a source that this build does not crawl has lost its snapshot."""
    name = current_id(data)
    if name is not None:
        require_intact(data.release(name))
    lost = [
        source
        for source, row in read_snapshots(data.state_db).items()
        if not (data.run(row.run_id).snapshot(source) / "performers.parquet").exists()
        and source not in chosen
    ]
    if lost:
        raise StageFailed(
            f"the last snapshots of {', '.join(sorted(lost))} are gone or were damaged; build with "
            "these sources, or `trainer repair --forget` them"
        )


def _mend(data: DataDir, *, dry_run: bool) -> Repaired:
    found = Repaired()
    stamp = version_id(now())
    for damage in find_damage(data):
        if damage.anew is None:
            found.left.append(damage.line())
        else:
            found.done.append(damage.line())
            if not dry_run:
                _set_aside(data, damage, stamp)
    return found


def _set_aside(data: DataDir, damage: Damage, stamp: str) -> None:
    for path in (damage.path, *damage.also):
        if path.exists():
            set_aside(data, path, stamp)


def _mend_link(data: DataDir, release: Path, found: Repaired, dry_run: bool) -> None:
    """performers_<id>.db is a file of its own where the file system has no hard links."""
    link = data.performers_link(release.name)
    problem = link_problem(link, release / DATABASE)
    if problem:
        found.done.append(f"{problem}: set aside, and made anew from the release")
        if not dry_run:
            set_aside(data, link, version_id(now()))
            link_or_copy(release / DATABASE, link)


def link_problem(link: Path, database: Path) -> str | None:
    """Return what is wrong with the copy of a whole release's database, if it is one."""
    if not link.exists() or link.samefile(database) or sha256_file(link) == sha256_file(database):
        return None
    return f"{link}: its bytes are not those of {database}"


def _mend_current(data: DataDir, found: Repaired, dry_run: bool) -> None:
    try:
        current_id(data)
    except DamagedFileError as error:
        whole = [path.name for path in release_dirs(data) if not hash_problems(path)]
        if not whole:
            found.left.append(f"{str(error).partition(';')[0]}: restore it with `trainer restore`")
            return
        found.done.append(f"{data.current} points at {whole[-1]}, the newest whole release")
        if not dry_run:
            swap_symlink(data.current, whole[-1])
