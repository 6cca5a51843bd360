"""`trainer restore`: a backup becomes the DATA_DIR's state, whole and checked, or nothing changes.

What is replaced is set aside under quarantine/. Exclusions only grow: whoever is on the list now
stays on it, whatever the backup says.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from pydantic import ValidationError

from trainer.errors import ConfigError, DamagedFileError, StageFailed
from trainer.exclusions.list_file import bring_in, list_path, merge_lists, read_list
from trainer.reasons import reason
from trainer.release.files import release_dirs
from trainer.runs.record import write_runs_json
from trainer.staging.atomic import TEMPORARY, link_or_copy, swap_symlink
from trainer.staging.clock import now, version_id
from trainer.staging.lock import build_lock
from trainer.staging.paths import DataDir
from trainer.state.guard import newest_release, require_state_of_releases
from trainer.state.store import STATE_VERSION
from trainer.upkeep.backup_content import FORMAT, MANIFEST, NAMES, STATE, BackupManifest
from trainer.upkeep.quarantine import set_aside

_BLOCK = 1024 * 1024


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
        manifest = _unpack(source, scratch)
        done = Restored(source, manifest.created_at, len(manifest.files))
        _keep_exclusions(data, scratch, done)
        _put_back(data, scratch, manifest, done)
        _follow_up(data, manifest, done)
    return done


def read_backup(source: Path) -> BackupManifest:
    """The manifest of a backup; raises `ConfigError` for what is none."""
    with _opened(source) as backup:
        return _manifest(source, backup)


class _Backup:
    """The members of a folder or a tar file, regular files only."""

    def __init__(self, folder: Path | None, tar: tarfile.TarFile | None) -> None:
        self._folder, self._tar = folder, tar

    def open(self, name: str) -> BinaryIO | None:
        """A member's bytes; None where it is not there."""
        if self._folder is not None:
            path = self._folder / name
            return path.open("rb") if path.is_file() and not path.is_symlink() else None
        assert self._tar is not None
        try:
            found = self._tar.extractfile(name)
        except KeyError:
            return None
        return found  # type: ignore[return-value]


@contextmanager
def _opened(source: Path) -> Iterator[_Backup]:
    if source.is_dir():
        yield _Backup(source, None)
        return
    try:
        with tarfile.open(source, "r:") as tar:
            yield _Backup(None, tar)
    except tarfile.TarError as error:
        raise ConfigError(
            f"{source}: no backup that can be read: {reason(error)}; name a file or a folder that "
            "`trainer backup` wrote"
        ) from error


def _manifest(source: Path, backup: _Backup) -> BackupManifest:
    stream = backup.open(MANIFEST)
    if stream is None:
        raise ConfigError(
            f"{source}: has no {MANIFEST}, so it is no whole backup; name another of `trainer "
            "backup`"
        )
    with stream:
        try:
            manifest = BackupManifest.model_validate_json(stream.read())
        except ValidationError as error:
            raise ConfigError(f"{source}: {MANIFEST}: {reason(error)}; take another") from None
    strange = sorted(name for name in manifest.files if not NAMES.fullmatch(name))
    if strange:
        raise ConfigError(f"{source}: {strange[0]!r} is no file of a backup; take another")
    if manifest.format > FORMAT or manifest.state_version > STATE_VERSION:
        raise StageFailed(f"{source} is of a newer trainer; update this one, then restore")
    return manifest


def _unpack(source: Path, scratch: Path) -> BackupManifest:
    with _opened(source) as backup:
        manifest = _manifest(source, backup)
        for name, digest in manifest.files.items():
            stream = backup.open(name)
            if stream is None:
                raise DamagedFileError(f"{source}: {name} is missing; take an older backup")
            with stream:
                if _copy(stream, scratch / name) != digest:
                    raise DamagedFileError(f"{source}: {name} has changed; take an older backup")
    return manifest


def _copy(stream: BinaryIO, target: Path) -> str:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _mode(target))
    with os.fdopen(handle, "wb") as out:
        while block := stream.read(_BLOCK):
            digest.update(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def _mode(target: Path) -> int:
    """Addresses in the history of configuration may hold a password."""
    return 0o600 if target.parent.name == "config_history" else 0o644


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
