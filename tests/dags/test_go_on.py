"""After an early first release the DAG starts the run that goes on; else it starts none."""

from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowSkipException, DagRunTriggerException


@pytest.fixture
def task(build_dag, tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return build_dag.get_task("go_on_fetching")


def test_a_run_that_is_no_first_release_starts_none(task):
    with pytest.raises(AirflowSkipException):
        task.execute({"run_id": "weekly"})


def test_the_next_run_gets_what_is_left_of_the_parameters(task, monkeypatch):
    monkeypatch.setattr("trainer.pipeline.follow_up.follow_up", lambda _context: {"max_hours": 5})
    with pytest.raises(DagRunTriggerException) as asked:
        task.execute({"run_id": "first"})
    assert asked.value.trigger_dag_id == "build_performer_database"
    assert asked.value.conf == {"max_hours": 5}
