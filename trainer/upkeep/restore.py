"""`trainer restore`: a backup becomes the DATA_DIR's state, whole and checked, or nothing changes.

What is replaced is set aside under quarantine/. Exclusions only grow: whoever is on the list now
stays on it, whatever the backup says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from trainer.errors import ConfigError, StageFailed
from trainer.exclusions.list_file import bring_in, list_path, merge_lists, read_list
from trainer.release.files import release_dirs
from trainer.runs.record import write_runs_json
from trainer.staging.atomic import TEMPORARY, link_or_copy, swap_symlink
from trainer.staging.clock import now, version_id
from trainer.staging.lock import build_lock
from trainer.staging.paths import DataDir
from trainer.state.guard import newest_release, require_state_of_releases
from trainer.upkeep.backup_content import STATE, BackupManifest
from trainer.upkeep.backup_read import unpack_backup
from trainer.upkeep.quarantine import set_aside


@dataclass
class Restored:
    """What was put back, what was set aside for it, and what is left to do."""

    source: Path
    created_at: str
    files: int = 0
    set_aside: int = 0
    to_do: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For people."""
        aside = f"; {self.set_aside} files of before are in quarantine/" if self.set_aside else ""
        first = f"{self.files} files of {self.source.name}, of {self.created_at}, are back{aside}"
        return [first, *self.to_do]


def restore(data: DataDir, source: Path, *, replace: bool = False) -> Restored:
    """Restore a backup, a .tar file or a folder. Every byte is checked before anything changes.

    Raises `StageFailed` where a state.db is there already, unless `replace`; `DamagedFileError`
    for a backup that is not whole; `ConfigError` for what is none.
    """
    data.root.mkdir(parents=True, exist_ok=True)
    with (
        build_lock(data.lock),
        TemporaryDirectory(prefix=f"{TEMPORARY}restore-", dir=data.root) as name,
    ):
        if data.state_db.exists() and data.state_db.stat().st_size and not replace:
            raise StageFailed(
                f"{data.state_db} is there; give --replace to set it aside and restore over it"
            )
        scratch = Path(name)
        manifest = unpack_backup(source, scratch)
        done = Restored(source, manifest.created_at, len(manifest.files))
        _keep_exclusions(data, scratch, done)
        _put_back(data, scratch, manifest, done)
        _follow_up(data, manifest, done)
    return done


def _keep_exclusions(data: DataDir, scratch: Path, done: Restored) -> None:
    """Both lists, before the one of now is replaced."""
    there = read_list(DataDir(scratch))
    try:
        here = read_list(data)
    except ConfigError as error:
        here = None
        found = str(error).partition(";")[0]
        done.to_do.append(f"{found}: look in quarantine/ for entries that the backup lacks")
    if here is not None:
        merge_lists(list_path(DataDir(scratch)), [*(there or ()), *here])


def _put_back(data: DataDir, scratch: Path, manifest: BackupManifest, done: Restored) -> None:
    """state.db last: what it names is there by then."""
    stamp = version_id(now())
    names = [*manifest.files]
    if list_path(DataDir(scratch)).exists() and list_path(data).name not in names:
        names.append(list_path(data).name)
    for name in sorted(names, key=lambda name: (name == STATE, name)):
        target = data.root / name
        beside = [target.with_name(f"{STATE}{end}") for end in ("-wal", "-shm")]
        for old in (target, *(beside if name == STATE else ())):
            if old.exists():
                set_aside(data, old, stamp)
                done.set_aside += 1
        target.parent.mkdir(parents=True, exist_ok=True)
        (scratch / name).rename(target)
    _show_release(data, manifest)


def _show_release(data: DataDir, manifest: BackupManifest) -> None:
    """The release of the backup becomes current where there is no newer one."""
    name = manifest.release
    if not name or f"releases/{name}/manifest.json" not in manifest.files:
        return
    link = data.performers_link(name)
    if not link.exists():
        link_or_copy(data.release(name) / "performers.db", link)
    if newest_release(data.state_db) == name:
        swap_symlink(data.current, name)


def _follow_up(data: DataDir, manifest: BackupManifest, done: Restored) -> None:
    write_runs_json(data)
    if data.state_db.exists():
        bring_in(data)
    try:
        require_state_of_releases(data.state_db)
    except StageFailed:
        done.to_do.append(
            "a newer release than the backup knows is there: run `trainer state rebuild`, which "
            "adds its ids"
        )
    if not release_dirs(data):
        done.to_do.append("no release is here: `trainer build` makes the next one")
    if not manifest.faces:
        done.to_do.append("the face cache is not in this backup: pictures are embedded again")
    if manifest.keys:
        done.to_do.append(f"set these again: {', '.join(manifest.keys)}")
