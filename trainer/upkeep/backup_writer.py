"""A backup as a folder or as one tar file: whole or not at all, and for their owner only."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from trainer.staging.atomic import TEMPORARY, fsync_path

_BLOCK = 1024 * 1024


class Writer(Protocol):
    """Takes files one by one."""

    def add(self, name: str, source: Path) -> str:
        """Copy a file under `name`; return the sha256 of what was copied."""

    def add_bytes(self, name: str, content: bytes) -> None:
        """Add a file of these bytes."""


class Hashing(io.RawIOBase):
    """A stream that hashes what is read of it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        block = self._stream.read(size)
        self._hash.update(block)
        return block

    def hexdigest(self) -> str:
        """The sha256 of all that was read."""
        return self._hash.hexdigest()


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def add(self, name: str, source: Path) -> str:
        with source.open("rb") as stream:
            hashing = Hashing(stream)
            self._write(name, hashing)
            return hashing.hexdigest()

    def add_bytes(self, name: str, content: bytes) -> None:
        self._write(name, Hashing(io.BytesIO(content)))

    def _write(self, name: str, stream: Hashing) -> None:
        target = self._root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as out:
            while block := stream.read(_BLOCK):
                out.write(block)
            out.flush()
            os.fsync(out.fileno())


class _Tar:
    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def add(self, name: str, source: Path) -> str:
        with source.open("rb") as stream:
            hashing = Hashing(stream)
            self._tar.addfile(_header(name, os.fstat(stream.fileno()).st_size), hashing)
            return hashing.hexdigest()

    def add_bytes(self, name: str, content: bytes) -> None:
        self._tar.addfile(_header(name, len(content)), io.BytesIO(content))


def _header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o600
    return header


@contextmanager
def backup_writer(target: Path) -> Iterator[Writer]:
    """Write to `target`: one file where it ends in .tar, else a folder. Removed on any error."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{TEMPORARY}{target.name}")
    _remove(temporary)
    try:
        if target.suffix == ".tar":
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as out, tarfile.open(fileobj=out, mode="w") as tar:
                yield _Tar(tar)
            fsync_path(temporary)
        else:
            temporary.mkdir(mode=0o700)
            yield _Folder(temporary)
        temporary.rename(target)
        fsync_path(target.parent)
    except BaseException:
        _remove(temporary)
        raise


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
