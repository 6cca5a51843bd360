"""A candidate's way: shown with what held it back, rejected, never published afterwards."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.release_fixtures import small_release
from tests.unit.identity_world import SOURCES
from trainer.cli import app
from trainer.config.params import BuildParams
from trainer.config.settings import Settings
from trainer.errors import StageFailed
from trainer.pipeline.approve import approve_run, candidate, candidates, reject_run
from trainer.release.diff import diff, write_diff
from trainer.release.gate import GateResult
from trainer.runs import update as run_record
from trainer.runs.context import Plan, RunContext
from trainer.runs.record import read_record
from trainer.staging.atomic import write_json
from trainer.staging.lock import build_lock
from trainer.staging.manifest import Check

RUN, VERSION = "build_1", "20261101_000000"
FAILED = Check(name="rank-1", ok=False, expected="at least 0.8", actual="0.5")


@pytest.fixture
def waiting(tmp_path: Path) -> RunContext:
    context = RunContext.open(Settings.load(tmp_path / "data"), RUN)
    plan = Plan(
        run_id=RUN,
        started_at="2026-11-01T00:00:00Z",
        version_id=VERSION,
        params=BuildParams(),
        pack_id="demo-0123abcd",
        sources=SOURCES,
        base_release=None,
    )
    write_json(context.run.plan, plan.model_dump(mode="json"))
    run_record.start(context, plan)
    shutil.copytree(small_release(tmp_path / "made", VERSION), context.run.release)
    write_diff(context.run.release, diff(None, context.run.release))
    result = GateResult(passed=False, checks=[FAILED])
    context.finish("gate", result.model_dump(mode="json"))
    with run_record.editing(context) as current:
        current.status = "needs_approval"
    return context


def test_a_candidate_is_shown_with_what_held_it_back_and_what_would_change(waiting):
    found = candidate(waiting.settings, RUN)
    assert found.gate[0].startswith("rank-1: expected at least 0.8, found 0.5 (look at ")
    assert "25 performers added" in found.diff[0]
    assert candidates(waiting.settings) == [found]


def test_a_rejected_run_keeps_its_reports_and_is_never_published(waiting):
    assert reject_run(waiting.settings, RUN, "a bad crawl") == f"run {RUN} is rejected: a bad crawl"
    kept = sorted(path.name for path in waiting.run.release.iterdir())
    assert kept == ["SHA256SUMS", "diff.json", "manifest.json"]
    stored = read_record(waiting.run.record)
    assert (stored.status, stored.rejected_because) == ("rejected", "a bad crawl")
    assert candidates(waiting.settings) == []
    for act in (
        lambda: approve_run(waiting.settings, RUN),
        lambda: reject_run(waiting.settings, RUN, "again"),
    ):
        with pytest.raises(StageFailed, match="is rejected, not waiting"):
            act()


def test_a_candidate_that_was_overtaken_can_only_be_rejected(waiting):
    waiting.data.releases.mkdir(parents=True)
    waiting.data.current.symlink_to("20261108_000000")
    reason = "release 20261108_000000 was published since this run was planned on None"
    assert [c.overtaken for c in candidates(waiting.settings)] == [reason]
    root = ["--data-dir", str(waiting.data.root)]
    shown = CliRunner().invoke(app, ["candidates", *root]).stdout
    assert f"  can only be rejected: {reason}\n" in shown
    (waiting.run.release / "performers.db").unlink()  # as publishing the other one does
    with pytest.raises(StageFailed, match=f"{reason}; it can only be rejected"):
        approve_run(waiting.settings, RUN)
    assert "is rejected" in reject_run(waiting.settings, RUN, "overtaken")


def test_a_decision_that_came_first_wins(waiting, monkeypatch):
    """Somebody rejects while another's approval waits for the lock."""

    @contextmanager
    def held(path):
        with build_lock(path):
            if read_record(waiting.run.record).status == "needs_approval":
                with run_record.editing(waiting) as current:
                    current.status = "rejected"
            yield

    monkeypatch.setattr("trainer.pipeline.approve.build_lock", held)
    with pytest.raises(StageFailed, match="is rejected, not waiting"):
        approve_run(waiting.settings, RUN)
    assert not waiting.data.current.is_symlink()


def test_a_run_without_a_gate_has_no_candidate(waiting):
    waiting.run.step("gate").unlink()
    with pytest.raises(StageFailed, match="has not come to its gate"):
        candidate(waiting.settings, RUN)


def test_the_commands(waiting):
    root = ["--data-dir", str(waiting.data.root)]

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, [*words, *root])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert run("candidates").startswith(f"run {RUN}\n  gate: rank-1")
    assert "is rejected: no" in run("reject", RUN, "--reason", "no")
    assert run("candidates") == "nothing waits for approval\n"


def test_a_published_run_is_not_rejected(waiting):
    waiting.data.releases.mkdir(parents=True)
    waiting.run.release.rename(waiting.data.release(VERSION))
    with pytest.raises(StageFailed, match="is published"):
        reject_run(waiting.settings, RUN, "too late")
