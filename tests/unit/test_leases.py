"""Leases: what machines that share a DATA_DIR see of each other's builds, whatever locks do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from embedder.cache import shard_lock
from tests.waiting import DEADLINE, wait_for
from trainer.errors import RetryLater, StageFailed
from trainer.staging import leases
from trainer.staging.leases import EXPIRES, Taken, lease
from trainer.staging.lock import Busy, build_lock, short_lock, task_lock
from trainer.staging.paths import DataDir


@pytest.fixture
def data(tmp_path):
    return DataDir(tmp_path)


@pytest.fixture
def folder(data):
    """Where the leases of the build lock lie."""
    return data.root / ".build.lock.leases"


def refused(take, words: str, kind: type[Exception] = Taken) -> None:
    with pytest.raises(kind, match=words), take():
        pass


def test_one_that_is_alone_excludes_every_other_machine(folder):
    with lease(folder, "alone", "a"):
        for kind in ("alone", "beside"):
            refused(lambda kind=kind: lease(folder, kind, "b"), f"process {os.getpid()} on ")
    with lease(folder, "beside", "a"), lease(folder, "beside", "b"):
        refused(lambda: lease(folder, "alone", "c"), "last seen")
    assert list(folder.iterdir()) == []


def test_processes_of_one_machine_are_left_to_the_kernel(folder, monkeypatch):
    """A killed one leaves its lease behind, and is no obstacle for the next."""
    monkeypatch.setattr(leases, "LOOK", 0.0)
    with lease(folder, "alone", "a"), lease(folder, "alone", "a"):
        old = folder / "beside-a-1"
        old.write_text("{}")
        os.utime(old, (0, 0))
        with lease(folder, "beside", "a"):
            assert not old.exists()


@pytest.mark.parametrize("kind", ["alone", "beside"])
def test_a_build_is_refused_and_told_who_works(data, folder, kind, monkeypatch):
    monkeypatch.setattr("trainer.staging.lock._LOOK_AGAIN", 0.01)
    with (
        lease(folder, kind, "another"),
        pytest.raises(Busy, match=r"another machine works in .*: process \d+ on .*, last seen"),
        build_lock(data.lock),
    ):
        pass
    with build_lock(data.lock):
        pass


def test_a_task_works_beside_tasks_of_others_and_waits_for_who_is_alone(data, folder):
    with lease(folder, "beside", "another"), task_lock(data.lock):
        pass
    ended = list[bool]()

    def work() -> None:
        with lease(folder, "alone", "another"):
            alone.set()
            go_on.wait()
            ended.append(True)

    alone, go_on = threading.Event(), threading.Event()
    other = threading.Thread(target=work)
    other.start()
    alone.wait()
    refused(lambda: task_lock(data.lock, 0.05), r"has .* for itself: process", RetryLater)
    threading.Timer(0.2, go_on.set).start()
    with task_lock(data.lock):
        assert ended
    other.join()


def test_who_writes_for_a_moment_waits_its_turn(tmp_path):
    path = tmp_path / ".record.lock"
    other = lease(tmp_path / ".record.lock.leases", "alone", "another")
    other.__enter__()
    threading.Timer(0.2, lambda: other.__exit__(None, None, None)).start()
    with short_lock(path):
        assert len(list((tmp_path / ".record.lock.leases").iterdir())) == 1


def test_a_dead_machine_is_waited_for_so_long_and_no_longer(folder, monkeypatch):
    folder.mkdir()
    dead = folder / "alone-another-1"
    dead.write_text("{}")
    (folder / "now").touch()
    now = (folder / "now").stat().st_mtime
    (folder / "now").unlink()
    os.utime(dead, (now - EXPIRES + 20, now - EXPIRES + 20))
    refused(lambda: lease(folder, "alone", "a"), "a process of another machine")
    os.utime(dead, (now - EXPIRES - 20, now - EXPIRES - 20))
    monkeypatch.setattr(leases, "LOOK", 0.0)
    with lease(folder, "alone", "a"):
        assert not dead.exists()


def test_a_clock_that_is_set_forward_makes_nobody_dead(folder, monkeypatch):
    """The file server's: what was renewed a moment ago is days old."""
    monkeypatch.setattr(leases, "RENEW", 0.05)
    monkeypatch.setattr(leases, "LOOK", DEADLINE)
    with lease(folder, "alone", "another"):
        (theirs,) = folder.iterdir()
        monkeypatch.setattr(
            leases._Lease, "_old", lambda _, path: path.stat().st_mtime if path == theirs else None
        )
        refused(lambda: lease(folder, "alone", "a"), "last seen")
        assert theirs.exists()


HELD = """
import sys, time
from pathlib import Path
from trainer.staging import leases
leases.RENEW = 0.05
with leases.lease(Path(sys.argv[1]), "alone"):
    print("held", flush=True)
    time.sleep(300)
"""


def test_a_lease_is_renewed_and_who_lost_it_ends_at_once(folder):
    argv = [sys.executable, "-c", HELD, str(folder)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        (held,) = folder.iterdir()
        os.utime(held, (0, 0))
        wait_for(lambda: held.stat().st_mtime > 0)
        held.unlink()
        child.wait(DEADLINE)
        assert child.returncode == -signal.SIGTERM


def test_a_full_disk_can_still_be_tidied(folder, monkeypatch):
    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trainer.staging.leases.json.dump", full)
    with (
        lease(folder, "alone", "a"),
        pytest.raises(Taken, match="a process of another machine"),
        lease(folder, "alone", "b"),
    ):
        pass


def test_two_embedders_of_a_shard_are_kept_apart_on_two_machines(tmp_path):
    with lease(tmp_path / ".lock-000-of-001.leases", "beside", "another"):
        refused(lambda: shard_lock(tmp_path, "000-of-001", 0.01), "another embedder", StageFailed)
    with shard_lock(tmp_path, "000-of-001", 0.01), shard_lock(tmp_path, "001-of-002", 0.01):
        refused(lambda: shard_lock(tmp_path, "000-of-001", 0.01), "another embedder", StageFailed)
