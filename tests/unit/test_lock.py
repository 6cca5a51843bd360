"""Tasks work side by side, what changes everything works alone, and the dead hold nothing."""

from __future__ import annotations

import signal
import socket
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


TWO_BUILDS = """
import sys
from pathlib import Path
from trainer.errors import TrainerError
from trainer.staging.lock import build_lock, task_lock
try:
    with {take}:
        print("held", flush=True)
        sys.stdin.readline()
except TrainerError as error:
    print(error, flush=True)
"""


def other(data: DataDir, take: str) -> subprocess.Popen[str]:
    """A process of its own, as a terminal or as a task of Airflow takes the lock."""
    script = data.root / "trainer"  # what `ps` and the sentence call it
    script.write_text(TWO_BUILDS.format(take=take))
    argv = [sys.executable, str(script), "build", "--conf", "{}", str(data.lock)]
    return subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


ALONE = "build_lock(Path(sys.argv[-1]))"
AIRFLOWS_TASK = "task_lock(Path(sys.argv[-1]), patience=0.2)"


@pytest.mark.parametrize(
    ("first", "second"), [(ALONE, ALONE), (AIRFLOWS_TASK, ALONE), (ALONE, AIRFLOWS_TASK)]
)
def test_who_comes_second_reads_who_holds_it_and_gets_it_after_a_kill(data, first, second):
    """A terminal and a terminal, Airflow and a terminal, a terminal and Airflow."""
    with other(data, first) as holding:
        assert holding.stdout is not None
        assert holding.stdout.readline() == "held\n"
        with other(data, second) as refused:
            said = refused.communicate()[0]
        assert f"(trainer build, process {holding.pid} on {socket.gethostname()}, since 2" in said
        holding.kill()
    with build_lock(data.lock):
        pass


def test_two_airflows_on_one_data_dir_work_beside_each_other_and_nobody_alone_meanwhile(data):
    with other(data, AIRFLOWS_TASK) as one, other(data, AIRFLOWS_TASK) as two:
        for task in (one, two):
            assert task.stdout is not None
            assert task.stdout.readline() == "held\n"
        with pytest.raises(Busy, match=r"process \d+ on"), build_lock(data.lock):
            pass
        for task in (one, two):
            task.communicate("\n")
