"""The Candidates page: why a release was held back, approve, reject."""

from __future__ import annotations

import pytest

from reports.actions import candidates
from tests.unit.identity_world import WHEN
from tests.unit.reports_acting_world import page, press, shown
from tests.waiting import DEADLINE, wait_for
from trainer.config.settings import Settings
from trainer.runs.record import RunRecord, write_record
from trainer.staging.atomic import write_json


@pytest.fixture
def held(acting):
    """A run whose gate fell short."""
    run = acting.data.run("week-1")
    entry = {"id": "week-1", "started_at": WHEN, "status": "needs_approval"}
    write_record(run, RunRecord.model_validate(entry))
    check = {"name": "rank-1", "ok": False, "expected": "0.9", "actual": "0.5"}
    write_json(run.step("gate"), {"passed": False, "checks": [check]})
    return acting


def test_the_candidates_page_shows_why_and_rejects(held):
    at = page("candidates")
    assert "rank-1" in shown(at)
    press(at, "Reject")
    assert "reason is empty" in shown(at)
    at.text_input(key="reject-week-1-reason").input("--looks <b>wrong</b>")
    press(at, "Reject")
    record = held.data.run("week-1").record
    wait_for(lambda: '"rejected"' in record.read_text(), every=0.2)
    assert '"rejected_because": "--looks <b>wrong</b>"' in record.read_text()


def test_an_approval_that_fails_says_why(held):
    process = candidates.approve(held.data, "week-1")
    done, line = candidates.result(held.data, "week-1", process.wait(DEADLINE))
    assert not done
    assert line.startswith("trainer: ")
    assert candidates.candidates(Settings.load())  # it still waits
