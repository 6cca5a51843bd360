"""What people decided, in state.db.

Decisions may come while a build runs. The build notes the digest of those that it read, and does
not publish where that is no longer the digest of those in force.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from trainer.staging.paths import DataDir
from trainer.state.guard import refuse_new_state
from trainer.state.seal import transaction
from trainer.state.store import reading, writing

_FIRST_VERSION = 2  # of state.db with these tables

_MEMBERS = (
    # Links are kept so that a later crawl knows them: they change nothing in this run.
    "SELECT DISTINCT m.kind, m.value FROM exclusion_members m "
    "JOIN exclusions e ON e.id = m.exclusion_id WHERE e.removed_at IS NULL "
    "AND m.kind <> 'link' ORDER BY 1, 2"
)


@contextmanager
def deciding(data: DataDir) -> Iterator[sqlite3.Connection]:
    """Open a writing transaction on state.db, which is committed when the block succeeds and
    rolled back when it raises."""
    data.state_db.parent.mkdir(parents=True, exist_ok=True)
    refuse_new_state(data.state_db)
    with writing(data.state_db) as db, transaction(db):
        yield db


def read_decisions(
    data: DataDir, sql: str, values: Sequence[Any] = (), since: int = _FIRST_VERSION
) -> list[tuple[Any, ...]]:
    """Return the rows of a query on the decisions' tables; none before the first decision, or in
    a state.db of a version before `since`."""
    with reading(data.state_db) as db:
        if db is None or db.execute("PRAGMA user_version").fetchone()[0] < since:
            return []
        return db.execute(sql, values).fetchall()


def taken_back_since(data: DataDir, run_id: str) -> bool:
    """Was somebody's exclusion taken back since the published run `run_id` began?

    Exclusions of pictures do not count: they leave no record out.
    """
    found = read_decisions(
        data,
        "SELECT 1 FROM exclusions WHERE kind <> 'image' AND removed_at >= "
        "coalesce((SELECT published_at FROM published WHERE run_id = ?), '')",  # as it began
        (run_id,),
    )
    return bool(found)


def digest(data: DataDir) -> str:
    """Return a hash that changes with every decision that changes what a release holds."""
    excluded = read_decisions(
        data, "SELECT kind, value FROM exclusions WHERE removed_at IS NULL ORDER BY 1, 2"
    )
    rows = [
        *excluded,
        *(read_decisions(data, _MEMBERS) if excluded else ()),
        *read_decisions(
            data,
            "SELECT action, claims FROM identity_decisions WHERE undone_at IS NULL ORDER BY id",
        ),
    ]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
