"""state.db changes whole or not at all, once per run."""

from __future__ import annotations

import dataclasses
import sqlite3

import pytest

from trainer.errors import DamagedFileError, StageFailed
from trainer.state.store import (
    LedgerRow,
    Merge,
    SnapshotRow,
    StateChanges,
    commit_release,
    published_run_ids,
    read_identities,
    read_snapshots,
)

MOMENT = "2026-01-01T00:00:00Z"
FIRST = StateChanges(
    run_id="run-1",
    version_id="20260101_000000",
    version="2026.01.01",
    published_at=MOMENT,
    new_performers={1: MOMENT, 2: MOMENT},
    claims={("stashdb", "a"): 1, ("stashdb", "b"): 2},
    merges=[],
    snapshots=[SnapshotRow("stashdb", "run-1", MOMENT, 2, MOMENT)],
    ledger=[
        LedgerRow("http://x/1", "fetched", "ab" * 32, 10, "image/jpeg", None, None, None,
                  "stashdb", MOMENT, "run-1")
    ],
)  # fmt: skip
SECOND = dataclasses.replace(
    FIRST,
    run_id="run-2",
    version_id="20260108_000000",
    version="2026.01.08",
    new_performers={3: MOMENT},
    claims={("stashdb", "a"): 2, ("stashdb", "c"): 3},
    merges=[Merge(1, 2, "merged by the source")],
)


@pytest.fixture
def state(tmp_path):
    path = tmp_path / "state.db"
    assert commit_release(path, FIRST)
    return path


def test_nothing_is_known_before_the_first_release(tmp_path):
    assert read_identities(tmp_path / "state.db").claims == {}
    assert read_snapshots(tmp_path / "state.db") == {}


def test_a_release_is_read_back(state):
    known = read_identities(state)
    assert known.claims == FIRST.claims
    assert known.highest_id == 2
    assert read_snapshots(state)["stashdb"] == FIRST.snapshots[0]
    assert published_run_ids(state) == {"run-1"}


def test_the_same_run_is_committed_once(state):
    assert commit_release(state, FIRST) is False


def test_merges_are_followed(state):
    commit_release(state, SECOND)
    known = read_identities(state)
    assert known.current(1) == 2
    assert known.claims["stashdb", "a"] == 2
    assert known.highest_id == 3


def test_an_id_given_by_another_run_meanwhile_is_refused_and_nothing_changes(state):
    stale = dataclasses.replace(SECOND, new_performers={2: MOMENT})
    with pytest.raises(StageFailed, match="changed by another run"):
        commit_release(state, stale)
    assert read_identities(state).claims == FIRST.claims
    assert published_run_ids(state) == {"run-1"}


def test_a_damaged_state_is_named(tmp_path):
    path = tmp_path / "state.db"
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(DamagedFileError, match=r"state\.db"):
        read_identities(path)


def test_a_newer_state_is_refused(state):
    with sqlite3.connect(state) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StageFailed, match="newer trainer"):
        commit_release(state, SECOND)
