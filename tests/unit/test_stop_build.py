"""A build is stopped wherever it runs, and the record of one that was lost says so."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tests.unit.fake_airflow import RUN, configure, serving_airflow
from tests.waiting import wait_for
from trainer.cli import app
from trainer.config.settings import REPO_ROOT, Settings
from trainer.pipeline.interrupted import close_lost_runs, close_run
from trainer.runs.context import RunContext
from trainer.runs.ids import airflow_run
from trainer.runs.record import RunRecord, RunStatus, read_record, write_record
from trainer.services import stop_build as stopping
from trainer.services.airflow_api import AirflowError
from trainer.staging.atomic import write_json
from trainer.staging.leases import lease
from trainer.staging.lock import Busy

BUILD = """
import pathlib, sys, time
from trainer.staging.lock import build_lock
with build_lock(pathlib.Path(sys.argv[1])):
    print("building", flush=True)
    time.sleep(300)
"""
DONE = {"unit": "performers", "total": 75_000, "rate_per_second": 4.0, "seconds_left": 9}


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    configure(monkeypatch, None)
    return Settings.load()


def running(settings, run_id="live", airflow_id=None, status: RunStatus = "running"):
    context = RunContext.open(settings, run_id)
    context.run.root.mkdir(parents=True)
    record = RunRecord(id=context.run.run_id, started_at="2026-11-28T00:00:00Z", status=status)
    write_record(context.run, record)
    write_json(context.run.staging("stashdb") / "progress.json", DONE | {"done": 2340})
    if airflow_id:
        write_json(context.run.origin, {"run_id": airflow_id})
    return context


def test_a_build_in_a_terminal_gets_ctrl_c_and_its_record_says_so(settings):
    context = running(settings)
    with subprocess.Popen(
        [sys.executable, "-c", BUILD, str(context.data.lock)], cwd=REPO_ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "building\n"
            done = CliRunner().invoke(app, ["stop"])
            assert done.exit_code == 0, done.output
            assert wait_for(lambda: process.poll() is not None)
        finally:
            process.kill()
    assert "run live is stopped" in done.stdout
    assert "kept (crawl of stashdb: 2,340 performers)" in done.stdout
    assert "`trainer build` with the same parameters goes on" in done.stdout
    record = read_record(context.run.record)
    assert (record.status, record.errors[-1].kind) == ("failed", "stopped")
    assert record.completed_at
    assert "start `trainer build` with the same parameters, or" in record.errors[-1].sentence


def test_a_build_in_airflow_is_stopped_there(settings, monkeypatch):
    context = running(settings, RUN, RUN)
    assert airflow_run(context.run) == RUN
    with serving_airflow() as fake:
        configure(monkeypatch, fake)
        said = stopping.stop_build(settings)
        assert (fake.asked[-1][0], fake.asked[-1][2]) == ("PATCH", {"state": "failed"})
    assert "clear the run in Airflow to go on with it" in said
    assert read_record(context.run.record).status == "failed"


def test_what_airflow_refuses_leaves_the_record_alone(settings, monkeypatch):
    context = running(settings, RUN, RUN)
    with serving_airflow() as fake:
        fake.answers.clear()
        configure(monkeypatch, fake)
        with pytest.raises(AirflowError, match="knows no such build"):
            stopping.stop_build(settings)
    assert read_record(context.run.record).status == "running"
    configure(monkeypatch, None)
    done = CliRunner().invoke(app, ["stop"])
    assert "set TRAINER_AIRFLOW_API" in str(done.exception)


def test_a_run_that_died_is_closed_and_where_none_runs_it_says_so(settings):
    context = running(settings)
    assert "is stopped" in stopping.stop_build(settings)
    assert read_record(context.run.record).status == "failed"
    assert stopping.stop_build(settings) == "no build is running"


def test_a_run_that_ended_is_not_closed(settings):
    for status in ("completed", "failed", "needs_approval"):
        context = running(settings, f"run-{status}", status=status)
        before = context.run.record.read_bytes()
        assert not close_run(context, "stopped")
        assert context.run.record.read_bytes() == before
    assert not close_run(RunContext.open(settings, "nowhere"), "stopped")


def test_the_next_build_closes_runs_that_were_lost(settings):
    lost, ended = running(settings, "lost"), running(settings, "ended", status="completed")
    mine = running(settings, "mine")
    assert close_lost_runs(mine) == ["lost"]
    assert read_record(lost.run.record).errors[-1].message.startswith("it was interrupted")
    assert read_record(ended.run.record).status == "completed"
    assert read_record(mine.run.record).status == "running"


def test_a_run_of_another_machine_is_not_taken_for_dead(settings):
    context = running(settings)
    with lease(settings.data_dir / ".build.lock.leases", "alone", "another"):
        with pytest.raises(Busy, match="another machine works in"):
            stopping.stop_build(settings)
        assert read_record(context.run.record).status == "running"
    assert "is stopped" in stopping.stop_build(settings)
