"""state.db as one file: a consistent copy, whatever lies in its -wal file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

STATE = "state.db"
_PATIENCE = 60.0  # seconds; who closes it last may take long on a slow disk


def copy_database(source: Path, target: Path) -> Path:
    """Write a copy of a SQLite database, as it is now, to `target`; return it."""
    target.unlink(missing_ok=True)
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)) as db,
        closing(sqlite3.connect(target)) as copy,
    ):
        db.backup(copy)
    return target


def wal_signature(path: Path) -> tuple[int, ...]:
    """Return what changes when something is written that waits in the -wal file."""
    try:
        found = path.with_name(f"{path.name}-wal").stat()
    except FileNotFoundError:
        return ()
    return (found.st_size, found.st_mtime_ns) if found.st_size else ()


def forget_wal(path: Path) -> None:
    """Delete what belongs to the file that is about to be replaced."""
    for ending in ("-wal", "-shm"):
        path.with_name(f"{path.name}{ending}").unlink(missing_ok=True)
