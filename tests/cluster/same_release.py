"""Ids, performers, faces and vectors of a release, without when and by which run it was made."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

from trainer.release.contract import ARCFACE_INDEX, DATABASE, FACENET_INDEX
from trainer.release.index_read import load_index, vectors_of

OF_THE_RUN = frozenset({"created_at", "updated_at", "merged_at", "run_id"})
Content = dict[str, list[tuple[object, ...]]]


def content_of(release: Path) -> Content:
    """Rows of every table, sorted, by its name; a hash of the vectors of each index, in order."""
    with closing(sqlite3.connect(release / DATABASE)) as db:
        named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        tables = [name for (name,) in db.execute(named)]
        content = {name: _rows(db, name) for name in tables}
    for name in (FACENET_INDEX, ARCFACE_INDEX):
        vectors = vectors_of(load_index(release / name))
        content[name] = [(vectors.shape, hashlib.sha256(vectors.tobytes()).hexdigest())]
    return content


def _rows(db: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    kept = ", ".join(column for column in columns if column not in OF_THE_RUN)
    return sorted(db.execute(f"SELECT {kept} FROM {table}"), key=repr)  # noqa: S608 - its own names
