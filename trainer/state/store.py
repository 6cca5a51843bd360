"""state.db: permanent ids, snapshots, the picture ledger and published releases.

A build writes it in one transaction, `commit_release`; a rollback notes its version. What people
decide, and what a purge redacts, is written in the transactions of `decisions.deciding`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from trainer.errors import StageFailed
from trainer.reasons import reason
from trainer.state.changes import (
    Claim,
    LedgerRow,
    Merge,
    SnapshotRow,
    StateChanges,
    write_changes,
)
from trainer.state.errors import state_error, state_errors
from trainer.state.guard import refuse_new_state
from trainer.state.migrate import migrate
from trainer.state.read_only import PATIENCE, read_only
from trainer.state.seal import transaction
from trainer.state.version import STATE_VERSION, refuse_newer

__all__ = [
    "STATE_VERSION",
    "Claim",
    "KnownIdentities",
    "LedgerRow",
    "Merge",
    "SnapshotRow",
    "StateChanges",
    "commit_release",
    "note_published",
    "prepare",
    "published_run_ids",
    "published_versions",
    "read_identities",
    "read_snapshots",
    "reading",
    "run_of",
    "writing",
]
_SCHEMA = Path(__file__).with_name("schema.sql")


@dataclass(frozen=True)
class KnownIdentities:
    """The permanent ids given so far."""

    claims: dict[Claim, int] = field(default_factory=dict)
    merges: dict[int, int] = field(default_factory=dict)
    highest_id: int = 0
    # Ids that a record had before merges gave it another, oldest first.
    former: dict[Claim, tuple[int, ...]] = field(default_factory=dict)

    def current(self, performer_id: int) -> int:
        """Follow merges to the id that answers today."""
        while performer_id in self.merges:
            performer_id = self.merges[performer_id]
        return performer_id


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection | None]:
    """A read-only connection, or None before the first release."""
    if not path.exists():
        yield None
        return
    try:
        with read_only(path) as db:
            refuse_newer(db, path)
            yield db
    except sqlite3.DatabaseError as error:
        raise state_error(path, error) from error


def read_identities(path: Path) -> KnownIdentities:
    """Return the ids that were ever given, with merges and former ids; none without a database.

    Raises `StageFailed` where it is missing although releases are there.
    """
    refuse_new_state(path)
    with reading(path) as db:
        if db is None:
            return KnownIdentities()
        claims = {
            (source, source_id): performer
            for source, source_id, performer in db.execute(
                "SELECT source, source_id, performer_id FROM claims"
            )
        }
        merges = dict(db.execute("SELECT old_id, new_id FROM merges").fetchall())
        highest = db.execute("SELECT coalesce(max(id), 0) FROM performers").fetchone()[0]
        return KnownIdentities(claims, merges, highest, _former_ids(db))


def _former_ids(db: sqlite3.Connection) -> dict[Claim, tuple[int, ...]]:
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'claim_history'").fetchone():
        return {}
    found: dict[Claim, tuple[int, ...]] = {}
    rows = db.execute("SELECT source, source_id, performer_id FROM claim_history ORDER BY rowid")
    for source, source_id, performer in rows:
        found[source, source_id] = (*found.get((source, source_id), ()), performer)
    return found


def read_snapshots(path: Path) -> dict[str, SnapshotRow]:
    """Return what is known of the last snapshot, by source."""
    query = "SELECT source, run_id, watermark, live_performers, full_sweep_at FROM snapshots"
    with reading(path) as db:
        rows = [] if db is None else db.execute(query).fetchall()
        return {row[0]: SnapshotRow(*row) for row in rows}


def published_versions(path: Path) -> set[str]:
    """Return the versions (YYYY.MM.DD or .N) of all releases ever published."""
    with reading(path) as db:
        rows = [] if db is None else db.execute("SELECT version FROM published").fetchall()
        return {row[0] for row in rows}


def published_run_ids(path: Path) -> set[str]:
    """Return the ids of the runs whose release was ever published."""
    with reading(path) as db:
        rows = [] if db is None else db.execute("SELECT run_id FROM published").fetchall()
        return {row[0] for row in rows}


def run_of(path: Path, version_id: str) -> str | None:
    """Return the last run whose result the release `version_id` holds; None if no run's does."""
    with reading(path) as db:
        query = "SELECT run_id FROM published WHERE version_id = ? ORDER BY rowid DESC LIMIT 1"
        row = None if db is None else db.execute(query, (version_id,)).fetchone()
        return row[0] if row else None


def commit_release(path: Path, changes: StateChanges) -> bool:
    """Apply `changes` whole or not at all; False when this run was committed before.

    Raises `StageFailed` where the ids were given out by another run meanwhile.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    refuse_new_state(path)
    with writing(path) as db:
        try:
            with transaction(db):
                sql = "SELECT 1 FROM published WHERE run_id = ?"
                if db.execute(sql, (changes.run_id,)).fetchone():
                    return False
                write_changes(db, changes)
        except sqlite3.IntegrityError as error:
            raise StageFailed(
                f"{path} was changed by another run since this one resolved its identities "
                f"({reason(error)}); start the build again"
            ) from error
    return True


def note_published(path: Path, run_id: str, version_id: str, version: str, at: str) -> None:
    """Note that a release which no build made has used `version`, so that it is not given again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    refuse_new_state(path)
    with writing(path) as db, transaction(db):
        db.execute(
            "INSERT OR IGNORE INTO published (run_id, version_id, version, published_at) "
            "VALUES (?, ?, ?, ?)",
            (run_id, version_id, version, at),
        )


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection for writing, without an open transaction; SQLite's errors say what to do."""
    with (
        state_errors(path),
        closing(sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)) as db,
    ):
        prepare(db, path)
        yield db


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Set up a connection for writing: its settings, and the tables, also of an older file; raises
    `StageFailed` for a file of a newer trainer."""
    refuse_newer(db, path)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    migrate(db, _SCHEMA.read_text(encoding="utf-8"), STATE_VERSION)
