"""Opens state.db for reading, also on a mount that nobody may write to.

SQLite wants to make its shared memory beside a database in WAL mode. Where it can't, the file is
read as it is (`immutable=1`); where changes wait in the -wal file, a copy of both is read.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

PATIENCE = 60.0  # seconds; who closes state.db last moves its -wal into it, on a slow disk for long
_NO_WAY_IN = ("unable to open database file", "attempt to write a readonly database")


@contextmanager
def read_only(path: Path) -> Iterator[sqlite3.Connection]:
    """Yield a connection that reads `path`; raises `sqlite3.DatabaseError`."""
    db = open_read_only(path)
    if db is not None:
        with closing(db):
            yield db
        return
    with TemporaryDirectory(prefix="state-") as scratch:
        for name in (path.name, f"{path.name}-wal"):
            shutil.copyfile(path.with_name(name), Path(scratch) / name)
        with closing(sqlite3.connect(Path(scratch) / path.name)) as db:
            yield db


def open_read_only(path: Path) -> sqlite3.Connection | None:
    """Return a connection, or None where changes wait in a -wal file that can't be read here."""
    db = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=PATIENCE)
    try:
        db.execute("PRAGMA schema_version").fetchone()
    except sqlite3.OperationalError as error:
        db.close()
        if str(error) not in _NO_WAY_IN or not path.exists():
            raise
        wal = path.with_name(f"{path.name}-wal")
        if wal.exists() and wal.stat().st_size:
            return None
        return sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
    except BaseException:
        db.close()
        raise
    return db
