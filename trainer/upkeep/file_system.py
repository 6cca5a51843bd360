"""What DATA_DIR's file system can do: a build needs to write, rename, lock and link by name."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from trainer.errors import ConfigError
from trainer.reasons import reason
from trainer.staging.atomic import TEMPORARY


@dataclass(frozen=True)
class FileSystem:
    """What was tried; `writes` is None, or why nothing can be written."""

    writes: str | None = None
    hard_links: bool = True
    symlinks: bool = True
    locks: bool = True


def try_file_system(root: Path) -> FileSystem:
    """Try it in a temporary folder of `root`, which is removed."""
    try:
        with TemporaryDirectory(prefix=f"{TEMPORARY}probe-", dir=root) as name:
            probe = Path(name)
            (probe / "a").write_bytes(b"x")
            (probe / "a").replace(probe / "b")
            return FileSystem(
                hard_links=_works(lambda: os.link(probe / "b", probe / "c")),
                symlinks=_works(lambda: (probe / "d").symlink_to("b")),
                locks=_works(lambda: _lock(probe / "b")),
            )
    except OSError as error:
        return FileSystem(writes=reason(error))


def require_file_system(root: Path) -> None:
    """Raise `ConfigError` where a build could not publish: nothing can be written, or `current`
    can't be a symbolic link, or files can't be locked."""
    root.mkdir(parents=True, exist_ok=True)
    found = try_file_system(root)
    if found.writes:
        raise ConfigError(
            f"DATA_DIR {root} can't be written by user {os.geteuid()}: {found.writes}; give the "
            f"folder to that user (chown -R {os.geteuid()}:{os.getegid()}), or mount it writable"
        )
    if not found.symlinks:
        raise ConfigError(
            f"the file system of {root} has no symbolic links, so no release could become current; "
            "put DATA_DIR on ext4, XFS, Btrfs, ZFS or NFS"
        )
    if not found.locks:
        raise ConfigError(
            f"the file system of {root} has no file locks, so two builds could meet; put DATA_DIR "
            "on another, or mount the share with locks"
        )


def _works(work: Callable[[], object]) -> bool:
    try:
        work()
    except OSError:
        return False
    return True


def _lock(path: Path) -> None:
    with path.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
