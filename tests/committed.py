"""What a release commits of the crawls that it was made of, without any performers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from trainer.state.store import LedgerRow, SnapshotRow, StateChanges, commit_release


def commit_crawls(
    state_db: Path,
    snapshots: Sequence[SnapshotRow],
    at: str,
    version_id: str = "v1",
    ledger: Sequence[LedgerRow] = (),
    excluded_links: Mapping[int, set[str]] | None = None,
) -> None:
    """Publish `version_id` at `at`, as the run of the first of `snapshots`."""
    changes = StateChanges(
        run_id=snapshots[0].run_id,
        version_id=version_id,
        version="2026.2.1",
        published_at=at,
        new_performers={},
        claims={},
        merges=[],
        snapshots=list(snapshots),
        ledger=list(ledger),
        excluded_links=dict(excluded_links or {}),
    )
    assert commit_release(state_db, changes)
