"""Runs by when they began, and ids that are read once per state of state.db."""

from __future__ import annotations

import pytest

from reports.queries.identities import identities
from tests.unit.identity_world import WHEN
from trainer.runs.order import newest_first
from trainer.runs.record import RunRecord, list_records, write_record
from trainer.staging.paths import DataDir
from trainer.state.store import StateChanges, commit_release

STARTED = {"a": "2026-01-03T00:00:00Z", "b": "2026-01-01T00:00:00Z", "c": "2999-01-01T00:00:00Z"}


@pytest.fixture
def data(tmp_path):
    data = DataDir(tmp_path)
    for run_id, started in STARTED.items():
        write_record(data.run(run_id), RunRecord(id=run_id, started_at=started, status="running"))
    return data


def test_the_order_is_that_of_the_records(data):
    assert newest_first(data) == ["a", "b", "c"]
    assert newest_first(data) == [entry.run_id for entry in list_records(data)]


@pytest.mark.parametrize("content", ["{", "[]", '{"started_at": 5}', ""])
def test_a_damaged_record_is_last_and_a_mended_one_in_its_place(data, content):
    data.run("a").record.write_text(content)
    assert newest_first(data)[0] == "b"
    write_record(data.run("a"), RunRecord(id="a", started_at=STARTED["a"], status="running"))
    assert newest_first(data)[0] == "a"


def test_no_run_is_no_order(tmp_path):
    assert newest_first(DataDir(tmp_path)) == []


def test_ids_are_read_anew_after_a_change(tmp_path):
    data = DataDir(tmp_path)
    assert identities(data).claims == {}
    for number in (1, 2):
        run = f"run-{number}"
        claims = {("boxone", str(number)): number}
        version = f"2026.01.0{number}"
        commit_release(
            data.state_db,
            StateChanges(run, run, version, WHEN, {number: WHEN}, claims, [], [], []),
        )
        assert identities(data).highest_id == number
        assert identities(data) is identities(data)
