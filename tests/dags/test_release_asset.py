"""Others' DAGs can follow releases: the asset is updated by a new one, and by nothing else."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace
from typing import Any

import pytest

from trainer.staging.atomic import write_json
from trainer.staging.paths import DataDir

NEWS = {"release": "20261101_000000", "version": "2026.11.01"}


@pytest.fixture
def data(tmp_path, monkeypatch) -> DataDir:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return DataDir(tmp_path)


def told(task, dag_run: str, **params: str) -> dict[str, Any]:
    """The extra of the asset's event after the task."""
    events: dict[Any, Any] = defaultdict(SimpleNamespace)
    task.execute({"run_id": dag_run, "params": params, "outlet_events": events})
    return next(iter(events.values())).extra


def test_a_new_release_updates_the_asset(build_dag, data):
    write_json(data.run("weekly").step("publish"), {"published": True, **NEWS})
    task = build_dag.get_task("announce_release")
    assert [asset.name for asset in task.outlets] == ["stash_sense_release"]
    assert told(task, "weekly") == NEWS


@pytest.mark.parametrize(
    "result",
    [None, {"published": False}, {"published": True, "unchanged": True, **NEWS}],
    ids=["failed", "candidate", "unchanged"],
)
def test_nothing_else_does(build_dag, data, result):
    from airflow.sdk.exceptions import AirflowSkipException

    if result is not None:
        write_json(data.run("weekly").step("publish"), result)
    with pytest.raises(AirflowSkipException):
        told(build_dag.get_task("announce_release"), "weekly")


def test_an_approved_candidate_updates_it(data):
    from decide_release import dag

    task = dag.get_task("announce_release")
    assert task.upstream_task_ids == {"apply"}
    write_json(data.run("weekly").step("publish"), {"published": True, **NEWS})
    assert told(task, "decide_weekly", run_id="weekly") == NEWS
