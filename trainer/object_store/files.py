"""Files of a DATA_DIR as the file system has them: which there are, and whether one was written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from trainer.object_store.database import STATE, wal_signature
from trainer.object_store.patterns import is_local

Signature = tuple[int, ...]


def signature(root: Path, path: str) -> Signature | None:
    """Return what changes whenever a file, or a symlink, is written; None where there is none."""
    full = root / path
    try:
        found = full.lstat() if link_target(root, full) is not None else full.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    more = wal_signature(root / path) if path == STATE else ()
    return (found.st_size, found.st_mtime_ns, found.st_ino, *more)


def link_target(root: Path, path: Path) -> str | None:
    """Return the target of a relative symlink that stays below `root`; None for everything else,
    also for a link to another disk, which is followed."""
    if not path.is_symlink():
        return None
    target = str(path.readlink())
    inside = not target.startswith("/") and not os.path.relpath(
        path.parent / target, root
    ).startswith("..")
    return target if inside else None


def files_below(root: Path, start: Path) -> Iterator[str]:
    if link_target(root, start) is not None or start.is_file():
        yield start.relative_to(root).as_posix()
        return
    try:
        entries = sorted(os.scandir(start), key=lambda e: e.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    front = len(str(root)) + 1
    for entry in entries:
        if entry.is_dir() and link_target(root, Path(entry.path)) is None:
            if not is_local(f"{entry.path[front:]}/x"):
                yield from files_below(root, Path(entry.path))
        else:
            yield entry.path[front:]
