"""Publishing: a release appears whole or not at all, whenever the process is killed.

Order: flush every file, rename the directory into `releases/`, hard-link its database, and swap
`current` last. Each step is one atomic call and is skipped when it is already done, so the same
call again finishes what a kill interrupted.
"""

from __future__ import annotations

import filecmp
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from trainer.errors import DamagedFileError, StageFailed
from trainer.release import contract
from trainer.release.files import (
    VERSION_ID,
    Manifest,
    current_id,
    hash_problems,
    pack_releases,
    read_manifest,
    release_dirs,
    require_intact,
    seal,
)
from trainer.release.signing import sign
from trainer.staging.atomic import TEMPORARY, fsync_path, link_or_copy, swap_symlink
from trainer.staging.clock import version_id
from trainer.staging.paths import DataDir


class VersionInfo(BaseModel):
    """One published release, as the list of versions shows it."""

    model_config = ConfigDict(extra="forbid")

    version_id: str
    version: str | None = None
    created_at: str | None = None
    performers: int | None = None
    faces: int | None = None
    bytes: int
    current: bool
    damaged: bool = False
    problems: list[str] = []


def publish(data: DataDir, staged: Path, release_id: str, key: Path | None = None) -> Path:
    """Move the finished release `staged` to `releases/<release_id>` and make it current.

    With `key` (a file) its manifest is signed. Returns the published directory. Safe to call again
    after a kill at any moment. Raises `DamagedFileError` for a release whose hashes do not hold and
    `StageFailed` where another release has the id, or the version is not above every published one.
    """
    if not VERSION_ID.match(release_id):
        raise StageFailed(f"{release_id!r} is no version id; write it as YYYYMMDD_HHMMSS")
    target = data.release(release_id)
    if not target.exists():
        for each in (staged, *pack_releases(staged)):
            (each / contract.REPORT_SUMS).unlink(missing_ok=True)  # of an earlier, killed try
        require_intact(staged)
        if key is not None:
            sign(staged, key)
        seal(staged)
        _require_newer(data, read_manifest(staged))
        _flush(staged)
        data.releases.mkdir(parents=True, exist_ok=True)
        staged.rename(target)
        fsync_path(data.releases)
        fsync_path(staged.parent)
    else:
        if staged.exists():
            _require_same(staged, target)
        require_intact(target)
    _link_database(data, release_id)
    if (current_id(data) or "") < release_id:  # a late retry never takes a newer release back
        swap_symlink(data.current, release_id)
    return target


def versions(data: DataDir, *, deep: bool = False) -> list[VersionInfo]:
    """Every published release, newest first. `deep` reads and hashes all bytes."""
    current = data.current.readlink().name if data.current.is_symlink() else None
    return [_describe(path, current, deep) for path in reversed(release_dirs(data))]


_MOST_NINES = 4


def next_version(data: DataDir, day: date, also: Iterable[str] = ()) -> str:
    """`2026.11.23`; further releases of a day get `.1` to `.9`, then `.91` to `.99`, and so on.

    Strictly greater, as text, than every published version and those in `also` (published once,
    perhaps deleted since): the sidecar compares them so. Where the newest is of a later day (a
    clock was ahead once), its day's next number is taken, so that nobody waits for that day.
    """
    used = {info.version for info in versions(data) if info.version} | set(also)
    newest = max(used, default="")
    today = f"{day:%Y.%m.%d}"
    base = max(today, newest[: len(today)])
    suffixes = [f".{'9' * nines}{last}" for nines in range(_MOST_NINES) for last in range(1, 10)]
    for candidate in (base, *(base + suffix for suffix in suffixes)):
        if candidate > newest:
            return candidate
    if base > today:  # its numbers are used up, and today will not come up to it
        following = date(*map(int, base.split("."))) + timedelta(days=1)
        return f"{following:%Y.%m.%d}"
    raise StageFailed(
        f"{newest} is the {len(suffixes) + 1}th release of the day; publish the next tomorrow"
    )


def free_moment(data: DataDir, moment: datetime, taken: Iterable[str] = ()) -> datetime:
    """Return `moment`, or the next second whose version id is free and above every release's: a
    release is made current only where its id is above the current one's."""
    newest = max((path.name for path in release_dirs(data)), default="")
    if version_id(moment) <= newest:
        found = datetime.strptime(newest, "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
        moment = found + timedelta(seconds=1)
    used = set(taken)
    while version_id(moment) in used:
        moment += timedelta(seconds=1)
    return moment


def _require_newer(data: DataDir, manifest: Manifest) -> None:
    newest = max((info.version for info in versions(data) if info.version), default="")
    if manifest.version <= newest:
        raise StageFailed(
            f"version {manifest.version} is not above the published {newest}: no sidecar would "
            "take it; build the release again under the next version"
        )


def _require_same(staged: Path, target: Path) -> None:
    sums = [(path / contract.SUMS).read_bytes() for path in (staged, target)]
    if sums[0] != sums[1]:
        raise StageFailed(f"{target} is another release than {staged}; use a new version id")


def _flush(directory: Path) -> None:
    for path in sorted(directory.rglob("*")):
        fsync_path(path)
    fsync_path(directory)


def _link_database(data: DataDir, version_id: str) -> None:
    """`performers_<version_id>.db`: the same bytes under the name that users look for.

    A hard link, or a copy where the file system has none.
    """
    source = data.release(version_id) / contract.DATABASE
    link = data.performers_link(version_id)
    if link.exists() and (link.samefile(source) or filecmp.cmp(link, source)):
        return
    temporary = link.with_name(f"{TEMPORARY}{link.name}")
    with suppress(FileNotFoundError):
        temporary.unlink()
    link_or_copy(source, temporary)
    fsync_path(temporary)
    temporary.replace(link)
    fsync_path(link.parent)


def _describe(directory: Path, current: str | None, deep: bool) -> VersionInfo:
    info = VersionInfo(
        version_id=directory.name,
        bytes=sum(path.stat().st_size for path in directory.rglob("*") if path.is_file()),
        current=directory.name == current,
    )
    try:
        manifest = read_manifest(directory)
        info.version, info.created_at = manifest.version, manifest.created_at
        info.performers, info.faces = manifest.performer_count, manifest.face_count
        missing = [n for n in contract.RELEASE_FILES if not (directory / n).is_file()]
        info.problems = hash_problems(directory) if deep else [f"{n}: missing" for n in missing]
    except DamagedFileError as error:
        info.problems = [str(error)]
    info.damaged = bool(info.problems)
    return info
