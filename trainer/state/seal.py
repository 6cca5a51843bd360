"""Checksums of state.db's tables, kept in it and written with every change, in its transaction.

SQLite believes most flipped bits: an id, a hash or a time stamp is then another one. A table's
checksum is over its rows; that of the tables' definitions has a name of its own.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

_CHECKSUMS = "checksums"
_DEFINITIONS = "(definitions)"
_COUNTERS = "sqlite_sequence"  # of AUTOINCREMENT; SQLite writes it beside the table
_ROWS = 10_000
_WRITES = (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE)


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Run the block in a writing transaction: committed with new checksums of the tables that it
    wrote, rolled back where it raises."""
    written: set[str] = set()

    def note(action: int, table: str | None, *_: str | None) -> int:
        if action in _WRITES and table:
            written.add(table)
        return sqlite3.SQLITE_OK

    db.set_authorizer(note)
    try:
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
            _seal(db, written)
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")
    finally:
        db.set_authorizer(None)


def seal_all(db: sqlite3.Connection) -> None:
    """Take the whole content as it is now; for tables that were made or changed their form."""
    for name in [*_tables(db), _DEFINITIONS]:
        _write(db, name)


def changed_tables(db: sqlite3.Connection) -> list[str]:
    """Return the tables whose rows are not those that were written; empty for a database of an
    older trainer, which has no checksums."""
    if _CHECKSUMS not in _all_tables(db):
        return []
    known = dict(db.execute(f"SELECT name, sha256 FROM {_CHECKSUMS}").fetchall())  # noqa: S608
    names = [*_tables(db), _DEFINITIONS]
    lost = set(known) - set(names)
    return sorted(lost | {name for name in names if known.get(name) != _digest(db, name)})


def _seal(db: sqlite3.Connection, written: set[str]) -> None:
    for name in _tables(db):
        if name in written or name == _COUNTERS:
            _write(db, name)


def _write(db: sqlite3.Connection, name: str) -> None:
    sql = f"INSERT OR REPLACE INTO {_CHECKSUMS} VALUES (?, ?)"  # noqa: S608
    db.execute(sql, (name, _digest(db, name)))


def _tables(db: sqlite3.Connection) -> list[str]:
    return [name for name in _all_tables(db) if name != _CHECKSUMS]


def _all_tables(db: sqlite3.Connection) -> list[str]:
    found = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in found.fetchall()]


def _digest(db: sqlite3.Connection, name: str) -> str:
    rows = _definitions(db) if name == _DEFINITIONS else _rows(db, name)
    digest = hashlib.sha256()
    for row in rows:
        digest.update(row)
        digest.update(b"\n")
    return digest.hexdigest()


def _definitions(db: sqlite3.Connection) -> list[bytes]:
    found = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name")
    version = db.execute("PRAGMA user_version").fetchone()
    return [repr(row).encode("utf-8", "replace") for row in [version, *found.fetchall()]]


def _rows(db: sqlite3.Connection, name: str) -> Iterable[bytes]:
    """Each row as SQL literals, so that a number is no text; in the order of the table."""
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({name})")]
    literals = " || ',' || ".join(f"quote({column})" for column in columns)
    kept, db.text_factory = db.text_factory, bytes
    try:
        cursor = db.execute(f"SELECT {literals} FROM {name} NOT INDEXED")  # noqa: S608
        while found := cursor.fetchmany(_ROWS):
            for (row,) in found:
                yield row
    finally:
        db.text_factory = kept
