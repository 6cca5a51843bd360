"""Brings the tables of an older state.db up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from trainer.state.seal import seal_all, transaction

MEMBERS_VERSION = 4  # of the first state.db that tells `id` from `found`, and has `link`

# Until then a record that a link had led to was kept as `id`, and more was found from it each time:
# nobody knows any more which ones, so nothing goes on from any of them. They stay out by their id.
_MEMBERS = (
    "ALTER TABLE exclusion_members RENAME TO exclusion_members_before",
    """
    CREATE TABLE exclusion_members (
        exclusion_id INTEGER NOT NULL REFERENCES exclusions (id),
        kind TEXT NOT NULL CHECK (kind IN ('id', 'found', 'image', 'link')),
        value TEXT NOT NULL,
        PRIMARY KEY (exclusion_id, kind, value)
    ) WITHOUT ROWID
    """,
    "INSERT INTO exclusion_members SELECT exclusion_id, "
    "CASE kind WHEN 'id' THEN 'found' ELSE kind END, value FROM exclusion_members_before",
    "DROP TABLE exclusion_members_before",
    f"PRAGMA user_version = {MEMBERS_VERSION}",
)
# The first state.db did not note which run fetched a picture.
_LEDGER = ("ALTER TABLE image_ledger ADD COLUMN run_id TEXT",)


def migrate(db: sqlite3.Connection, schema: str, version: int) -> None:
    """Bring the tables up to `schema`, of `version`: whole or not at all. Another process may have
    done it meanwhile."""
    if _version(db) == version:
        return
    with transaction(db):
        for statement in (*_due(db), *_statements(schema), f"PRAGMA user_version = {version}"):
            db.execute(statement)
        seal_all(db)


def _statements(script: str) -> Iterator[str]:
    """`executescript` would commit what is under way."""
    waiting = ""
    for line in script.splitlines(keepends=True):
        waiting += line
        if sqlite3.complete_statement(waiting):
            yield waiting
            waiting = ""


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _due(db: sqlite3.Connection) -> tuple[str, ...]:
    ledger = {row[1] for row in db.execute("PRAGMA table_info(image_ledger)")}
    lacks_run = bool(ledger) and "run_id" not in ledger
    return (_LEDGER if lacks_run else ()) + (_MEMBERS if _is_due(db) else ())


def _is_due(db: sqlite3.Connection) -> bool:
    there = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'exclusion_members'").fetchone()
    return there is not None and _version(db) < MEMBERS_VERSION
