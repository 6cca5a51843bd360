"""A task ends with its supervisor: `kill -9` of a worker leaves no task behind that goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dags.conftest import ROOT
from tests.waiting import wait_for

# As Airflow does it: the supervisor forks, and the task goes into its own process group.
SUPERVISOR = """
import os, sys, time
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import CommsDecoder
from trainer_airflow.supervised import end_with_supervisor
task = os.fork()
if task == 0:
    os.setpgid(0, 0)
    if sys.argv[2] == "supervised":
        task_runner.SUPERVISOR_COMMS = object.__new__(CommsDecoder)
    end_with_supervisor()
    with open(sys.argv[1], "w") as stream:
        stream.write(str(os.getpid()))
    time.sleep(120)
    os._exit(0)
os.waitpid(task, 0)
"""


def noted_pid(noted: Path) -> int:
    return int(wait_for(lambda: noted.exists() and noted.read_text()))


def ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123 - a zombie is gone as well
        return stat.read().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize("how", ["supervised", "alone"])
def test_the_kernel_ends_a_task_whose_supervisor_was_killed(tmp_path, how, airflow_environment):
    noted = tmp_path / "pid"
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(noted), how], env=airflow_environment
    )
    task = noted_pid(noted)
    supervisor.kill()
    supervisor.wait()
    if how == "supervised":
        wait_for(lambda: ended(task))
    else:  # in somebody's own process: nobody is ended
        assert not ended(task)
        os.kill(task, signal.SIGKILL)


# As LocalExecutor does it: the scheduler forks its workers.
SCHEDULER = """
import os, sys, time
from airflow.jobs.job import Job
from airflow.sdk.execution_time.task_runner import TaskRunnerMarker
from trainer_airflow import listener
listener.on_starting(Job if sys.argv[2] == "component" else TaskRunnerMarker())
if os.fork() == 0:
    if os.fork() == 0:  # what a worker forks has a supervisor of its own
        open(sys.argv[1] + ".task", "w").write(str(os.getpid()))
        time.sleep(120)
        os._exit(0)
    open(sys.argv[1] + ".worker", "w").write(str(os.getpid()))
    time.sleep(120)
    os._exit(0)
time.sleep(120)
"""


@pytest.mark.parametrize("what", ["component", "task"])
def test_the_kernel_ends_the_workers_of_a_scheduler_that_was_killed(
    tmp_path, what, airflow_environment
):
    noted = tmp_path / "pid"
    scheduler = subprocess.Popen(
        [sys.executable, "-c", SCHEDULER, str(noted), what], env=airflow_environment
    )
    task, worker = noted_pid(tmp_path / "pid.task"), noted_pid(tmp_path / "pid.worker")
    scheduler.kill()
    scheduler.wait()
    if what == "component":
        wait_for(lambda: ended(worker))
    for pid in (task, worker):
        if not ended(pid):
            os.kill(pid, signal.SIGKILL)
        else:
            assert (pid, what) == (worker, "component")


def test_every_operator_that_works_in_data_dir_asks_for_it():
    for name in ("operators", "docker", "kubernetes"):
        text = (ROOT / "plugins" / "trainer_airflow" / f"{name}.py").read_text()
        assert text.count("        end_with_supervisor()\n") == 1, name
