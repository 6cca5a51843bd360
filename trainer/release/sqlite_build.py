"""performers.db out of the release's inputs: the same inputs give the same bytes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import Any

import polars as pl

from trainer.release.contract import SCHEMA_VERSION
from trainer.release.inputs import ReleaseInputs
from trainer.release.sqlite_rows import Conflict, rows_of
from trainer.staging.atomic import whole_file

Row = tuple[Any, ...]
_HERE = Path(__file__).parent
_TOGETHER = 200  # rows a statement; SQLite takes 32,766 values
_BATCH = 65_536  # rows as Python objects at a time


def write_database(path: Path, inputs: ReleaseInputs, pack_id: str) -> list[Conflict]:
    """Write `path` whole or not at all; returns what two performers both claim, in order."""
    rows = rows_of(inputs, pack_id)
    write_tables(path, ((table, _tuples(frame)) for table, frame in rows.tables.items()))
    return rows.conflicts


def write_tables(path: Path, tables: Iterable[tuple[str, Iterator[Row]]]) -> None:
    """A database of these rows, inserted in this order."""
    with whole_file(path) as temporary:
        with closing(sqlite3.connect(temporary, isolation_level=None)) as db:
            fast(db)
            db.executescript(_HERE.joinpath("schema.sql").read_text(encoding="utf-8"))
            db.execute("BEGIN")
            db.execute("INSERT INTO schema_version VALUES (?)", (SCHEMA_VERSION,))
            for table, rows in tables:
                _insert(db, table, rows)
            db.execute("COMMIT")
            db.executescript(_HERE.joinpath("indexes.sql").read_text(encoding="utf-8"))
        _settle(temporary)


def fast(db: sqlite3.Connection) -> None:
    """No journal and no sync: the file is temporary until it is whole."""
    db.execute("PRAGMA page_size = 4096")
    db.execute("PRAGMA journal_mode = OFF")
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA locking_mode = EXCLUSIVE")


def _settle(path: Path) -> None:
    """Leave rollback-journal mode behind: a read-only reader finds no -wal file beside it.

    The step `verify` checks the file's integrity, once for all.
    """
    with closing(sqlite3.connect(path)) as db:
        mode = db.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        if mode != "delete":
            raise sqlite3.DatabaseError(f"{path}: journal mode {mode}")


def _insert(db: sqlite3.Connection, table: str, rows: Iterator[Row]) -> None:
    """Many rows a statement: half of the time of one each."""
    while chunk := list(islice(rows, _TOGETHER)):
        places = f"({', '.join('?' * len(chunk[0]))})"
        sql = f"INSERT INTO {table} VALUES {', '.join([places] * len(chunk))}"  # noqa: S608 - our names
        db.execute(sql, list(chain.from_iterable(chunk)))


def _tuples(frame: pl.DataFrame) -> Iterator[Row]:
    for start in range(0, len(frame), _BATCH):
        part = frame.slice(start, _BATCH)
        yield from zip(*(column.to_list() for column in part), strict=True)
