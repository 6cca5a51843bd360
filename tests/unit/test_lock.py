"""Tasks work side by side, what changes everything works alone, and the dead hold nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import pytest

from trainer.errors import RetryLater
from trainer.exclusions.purge import purge
from trainer.pipeline.rollback import rollback
from trainer.staging.clock import now
from trainer.staging.lock import Busy, build_lock, task_lock
from trainer.staging.paths import DataDir

HELD = """
import sys, time
from pathlib import Path
from trainer.staging.lock import task_lock
with task_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def data(tmp_path):
    return DataDir(tmp_path)


def quiet(_line):
    pass


def test_tasks_work_side_by_side_and_nobody_alone_meanwhile(data):
    with task_lock(data.lock), task_lock(data.lock):
        for act in (lambda: purge(data), lambda: rollback(data, "x", now())):
            with pytest.raises(Busy, match="in Airflow: pause the DAG"):
                act()
    purge(data)


def test_a_task_waits_for_who_works_alone_and_then_gives_up_for_now(data, caplog):
    with build_lock(data.lock), pytest.raises(RetryLater), task_lock(data.lock, 0.05):
        pass
    assert len(caplog.messages) == 1
    alone, ended = threading.Event(), list[bool]()

    def work() -> None:
        with build_lock(data.lock):
            alone.set()
            time.sleep(0.5)
            ended.append(True)

    other = threading.Thread(target=work)
    other.start()
    alone.wait()
    with task_lock(data.lock):
        assert ended
    other.join()


def test_a_killed_task_frees_its_lock(data):
    argv = [sys.executable, "-c", HELD, str(data.lock)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(Busy):
            purge(data)
        child.send_signal(signal.SIGKILL)
        child.wait()
    purge(data)
