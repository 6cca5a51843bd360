"""A backup as it is read: a .tar file or a folder, each file checked by its hash."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError

from trainer.errors import ConfigError, DamagedFileError, StageFailed
from trainer.reasons import reason
from trainer.state.store import STATE_VERSION
from trainer.upkeep.backup_content import FORMAT, MANIFEST, NAMES, BackupManifest

_BLOCK = 1024 * 1024


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


def unpack_backup(source: Path, scratch: Path) -> BackupManifest:
    """Copy the files of a backup into `scratch`; returns its manifest.

    Raises `DamagedFileError` for a backup that is not whole, `ConfigError` for what is none.
    """
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
