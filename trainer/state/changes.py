"""What one published release changes in state.db: new ids, snapshots, pictures, the release."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field

Claim = tuple[str, str]  # (source, source_id)


@dataclass(frozen=True)
class SnapshotRow:
    """Where the last good crawl of a source lies, and how far it got."""

    source: str
    run_id: str
    watermark: str | None
    live_performers: int
    full_sweep_at: str | None


@dataclass(frozen=True)
class LedgerRow:
    """What became of a picture's URL."""

    url: str
    status: str
    sha256: str | None
    bytes: int | None
    content_type: str | None
    reason: str | None
    etag: str | None
    last_modified: str | None
    source: str
    fetched_at: str
    run_id: str | None


@dataclass(frozen=True)
class Merge:
    """`old_id` is answered by `new_id` from now on, because of `evidence`."""

    old_id: int
    new_id: int
    evidence: str


@dataclass(frozen=True)
class StateChanges:
    """All that one published release changes."""

    run_id: str
    version_id: str
    version: str
    published_at: str
    new_performers: dict[int, str]  # id -> created_at
    claims: dict[Claim, int]
    merges: list[Merge]
    snapshots: list[SnapshotRow]
    ledger: list[LedgerRow]
    evidence: dict[Claim, str] = field(default_factory=dict)
    revived: list[int] = field(default_factory=list)  # ids whose merge was undone
    # What crawls noted of records that they dropped, by the number of the exclusion.
    excluded_links: dict[int, set[str]] = field(default_factory=dict)


def write_changes(db: sqlite3.Connection, changes: StateChanges) -> None:
    """Write all of `changes` in the transaction that is open."""
    run = changes.run_id
    db.executemany(
        "INSERT INTO performers (id, first_run, created_at) VALUES (?, ?, ?)",
        [(number, run, created) for number, created in sorted(changes.new_performers.items())],
    )
    _write_identities(db, changes)
    db.executemany(
        "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?)",
        [
            (s.source, s.run_id, s.watermark, s.live_performers, s.full_sweep_at)
            for s in changes.snapshots
        ],
    )
    db.executemany(
        "INSERT OR REPLACE INTO image_ledger (url, status, sha256, bytes, content_type, reason, "
        "etag, last_modified, source, fetched_at, run_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [tuple(vars(row).values()) for row in changes.ledger],
    )
    db.executemany(
        "INSERT OR IGNORE INTO exclusion_members SELECT id, 'link', ?2 FROM exclusions "
        "WHERE id = ?1 AND removed_at IS NULL",
        [(number, key) for number, keys in changes.excluded_links.items() for key in sorted(keys)],
    )
    db.execute(
        "INSERT INTO published (run_id, version_id, version, published_at) VALUES (?, ?, ?, ?)",
        (run, changes.version_id, changes.version, changes.published_at),
    )


def _write_identities(db: sqlite3.Connection, changes: StateChanges) -> None:
    """What a record was before is kept, so that a merge can be taken back."""
    run = changes.run_id
    db.executemany(
        "INSERT INTO claim_history (source, source_id, performer_id, until_run) "
        "SELECT source, source_id, performer_id, ?4 FROM claims "
        "WHERE source = ?1 AND source_id = ?2 AND performer_id <> ?3",
        [(*claim, number, run) for claim, number in sorted(changes.claims.items())],
    )
    db.executemany(
        "INSERT INTO claims (source, source_id, performer_id, first_run) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (source, source_id) DO UPDATE SET performer_id = excluded.performer_id",
        [(*claim, number, run) for claim, number in sorted(changes.claims.items())],
    )
    db.executemany(
        "INSERT OR IGNORE INTO claim_evidence (source, source_id, evidence, run_id) "
        "VALUES (?, ?, ?, ?)",
        [(*claim, text, run) for claim, text in sorted(changes.evidence.items())],
    )
    db.executemany(
        "INSERT INTO merges_undone (old_id, new_id, evidence, run_id, undone_run) "
        "SELECT old_id, new_id, evidence, run_id, ?2 FROM merges WHERE old_id = ?1",
        [(number, run) for number in changes.revived],
    )
    db.executemany("DELETE FROM merges WHERE old_id = ?", [(n,) for n in changes.revived])
    db.executemany(
        "INSERT INTO merges (old_id, new_id, evidence, run_id) VALUES (?, ?, ?, ?)",
        [(m.old_id, m.new_id, m.evidence, run) for m in changes.merges],
    )
