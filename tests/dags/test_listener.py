"""The listener corrects the record of a run that a person stopped in Airflow."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from trainer.runs.record import RunRecord, RunStatus, read_record, write_record
from trainer.staging.paths import DataDir

pytestmark = pytest.mark.airflow
RUN = "manual__2026-11-28T10:00:00+00:00"
BUILD = "build_performer_database"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    found = DataDir(tmp_path).run(RUN)
    found.root.mkdir(parents=True)
    return found


def failed(dag_id=BUILD, run_id=RUN):
    from trainer_airflow import listener

    listener.on_dag_run_failed(SimpleNamespace(dag_id=dag_id, run_id=run_id), "")


def note(run, status: RunStatus):
    write_record(run, RunRecord(id=run.run_id, started_at="2026-11-28T10:00:00Z", status=status))


def test_a_run_that_was_stopped_is_failed_in_its_record(run):
    note(run, "running")
    failed("decide_release")
    assert read_record(run.record).status == "running"
    failed()
    record = read_record(run.record)
    assert record.status == "failed"
    assert record.errors[-1].message == "it was stopped in Airflow"


def test_a_run_that_failed_by_itself_keeps_its_record(run):
    note(run, "failed")
    before = run.record.read_bytes()
    failed()
    assert run.record.read_bytes() == before


def test_airflow_goes_on_whatever_is_wrong_with_the_record(run, caplog):
    run.record.write_text("{")
    failed()
    assert "could not be corrected" in caplog.text
    failed(run_id="never-planned")


def test_the_plugin_registers_it():
    import stash_sense_plugin
    from trainer_airflow import listener

    assert stash_sense_plugin.StashSensePlugin.listeners == [listener]
