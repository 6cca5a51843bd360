"""Tasks around the steps on a worker that has nothing yet: what they ask is in the object store."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException, DagRunTriggerException

from tests.unit.object_world import Machine, memory
from trainer.object_store.mirror import pull
from trainer.runs.record import RunRecord, read_record, write_record
from trainer.staging.atomic import write_json
from trainer.staging.paths import DataDir

pytestmark = pytest.mark.airflow
RUN = "weekly-1"
NEWS = {"release": "20261101_000000", "version": "2026.11.01"}


@pytest.fixture
def worked(tmp_path, monkeypatch) -> Machine:
    """The machine that ran the steps; the process's own DATA_DIR is empty."""
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "empty"))
    monkeypatch.setenv("TRAINER_OBJECT_STORE", "s3://invented/data")
    machine = Machine(tmp_path / "worked", memory())
    monkeypatch.setattr("trainer.object_store.open_store.open_store", lambda _: machine.store)
    run = DataDir(machine.root).run(RUN)
    write_json(run.step("publish"), {"published": True, **NEWS})
    write_record(run, RunRecord(id=RUN, started_at="2026-11-28T10:00:00Z", status="running"))
    machine.push()
    return machine


def test_the_release_is_announced(build_dag, worked):
    events: dict[Any, Any] = defaultdict(SimpleNamespace)
    told = {"run_id": RUN, "params": {}, "outlet_events": events}
    assert build_dag.get_task("announce_release").execute(told) == NEWS


def test_the_next_run_is_started(build_dag, worked, monkeypatch):
    def left(context):
        return {"max_hours": 5} if context.result("publish") else None

    monkeypatch.setattr("trainer.pipeline.follow_up.follow_up", left)
    task = build_dag.get_task("go_on_fetching")
    with pytest.raises(DagRunTriggerException):
        task.execute({"run_id": RUN})
    with pytest.raises(AirflowSkipException):
        task.execute({"run_id": "another"})


def test_the_record_of_a_stopped_run_is_corrected(worked):
    from trainer_airflow import listener

    listener.on_dag_run_failed(SimpleNamespace(dag_id="build_performer_database", run_id=RUN), "")
    pull(worked.store, worked.root)
    assert read_record(DataDir(worked.root).run(RUN).record).status == "failed"


def test_the_operators_configuration_says_which_key_a_crawl_takes(build_dag, worked, monkeypatch):
    monkeypatch.delenv("STASHDB_API_KEY", raising=False)
    monkeypatch.setenv("OUR_KEY", "invented")
    asked: list[str] = []
    monkeypatch.setattr("trainer_airflow.operators.StepOperator.execute", lambda *_: {})
    monkeypatch.setattr("trainer_airflow.crawl._connection_password", asked.append)
    task = build_dag.get_task("crawl").unmap({"key_name": "stashdb"})
    context = {"run_id": RUN, "ti": SimpleNamespace(try_number=3, max_tries=2)}
    task.execute(context)
    assert asked == ["stashdb"]
    worked.write("sources.yaml", "stashdb: {api_key_env: OUR_KEY}\n")
    worked.push()
    task.execute(context)
    assert asked == ["stashdb"]
