"""`kill -9` of a worker that waits for a task: the others get the next one all the same."""

from __future__ import annotations

import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.dags.conftest import ROOT
from trainer.processes.groups import stop_groups
from trainer.processes.robust_queue import RobustQueue
from trainer.services.executor import LOCAL

# Airflow's own loop and workers; only what a worker does with a task is made up. Of workers that
# wait, one has the queue; whoever that is, it is among those who are killed one after the other.
SCHEDULER = """
import os, signal, time, traceback, uuid
from airflow.executors import workloads
from airflow.executors.base_executor import BaseExecutor
from airflow.executors.executor_loader import ExecutorLoader
from tests.waiting import wait_for

BaseExecutor.run_workload = staticmethod(lambda workload, **_: time.sleep(0.1))
executor = ExecutorLoader.get_default_executor()
ended = {}

def queue(name):
    known = dict(id=uuid.uuid4(), dag_version_id=uuid.uuid4(), dag_id="build", run_id="one")
    ti = dict(task_id=name, try_number=1, pool_slots=1, priority_weight=1, queue="default")
    of_a_dag = dict(dag_rel_path="build.py", bundle_info={"name": "dags"}, token="", log_path=None)
    executor.queue_workload(workloads.ExecuteTask(ti=known | ti, **of_a_dag), None)

def succeed(*names):
    for name in names:
        queue(name)
    wait_for(lambda: [ended.get(name) for name in names] == ["success"] * len(names) or beat(), 30)

def beat():
    executor.heartbeat()
    ended.update({key.task_id: state for key, (state, _) in executor.get_event_buffer().items()})

def kill(worker):
    os.kill(worker, signal.SIGKILL)
    os.waitid(os.P_PID, worker, os.WEXITED | os.WNOWAIT)

def main():
    executor.start()
    succeed("one", "two", "three", "four")
    for worker in list(executor.workers):
        kill(worker)
        succeed(f"after {worker}")
    for worker in list(executor.workers):
        kill(worker)
    succeed("after all of them", "and another")
    executor.end()

try:
    main()
    os._exit(0)
except BaseException:
    traceback.print_exc()
    os._exit(1)
"""


def test_workers_that_are_killed_while_they_wait_keep_no_task_from_the_others(
    tmp_path, airflow_environment
):
    own = {"AIRFLOW__CORE__EXECUTOR": LOCAL, "AIRFLOW__CORE__PARALLELISM": "3"}
    with (tmp_path / "log").open("wb") as log:
        scheduler = subprocess.Popen(
            [sys.executable, "-c", SCHEDULER],
            env=airflow_environment | own,
            stderr=log,
            start_new_session=True,
        )
    try:
        assert scheduler.wait(200) == 0, (tmp_path / "log").read_text()
    finally:
        stop_groups([scheduler.pid], 0)


def test_the_image_has_the_executor():
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"AIRFLOW__CORE__EXECUTOR=(\S+)", dockerfile) == [LOCAL]


def start_with(monkeypatch, caplog, attribute):
    """Start the executor over an Airflow that keeps its tasks in `attribute`."""
    from trainer_airflow.local_executor import LocalExecutor

    def start(executor):
        setattr(executor, attribute, SimpleNamespace(close=lambda: None))

    monkeypatch.setattr("airflow.executors.local_executor.LocalExecutor.start", start)
    executor = LocalExecutor(parallelism=1)
    executor.start()
    return executor, caplog.text


def test_the_queue_of_tasks_is_robust(monkeypatch, caplog):
    executor, said = start_with(monkeypatch, caplog, "activity_queue")
    assert isinstance(executor.activity_queue, RobustQueue)
    assert said == ""


def test_an_airflow_that_names_its_queue_otherwise_is_left_alone(monkeypatch, caplog):
    executor, said = start_with(monkeypatch, caplog, "queue_of_tasks")
    assert isinstance(executor.queue_of_tasks, SimpleNamespace)
    assert "start the scheduler anew should tasks stay queued" in said


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_workers_that_are_not_forked_keep_airflows_queue(monkeypatch, caplog, method):
    monkeypatch.setattr("multiprocessing.get_start_method", lambda: method)
    executor, said = start_with(monkeypatch, caplog, "activity_queue")
    assert isinstance(executor.activity_queue, SimpleNamespace)
    assert "start the scheduler anew should tasks stay queued" in said
