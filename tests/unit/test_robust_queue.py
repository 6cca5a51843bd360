"""A queue between processes that a killed one cannot block."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess

import psutil
import pytest

from tests.waiting import wait_for
from trainer.processes.robust_queue import RobustLock, RobustQueue

FORK = multiprocessing.get_context("fork")
SECONDS = 60


@contextmanager
def forked(work, *given) -> Iterator[BaseProcess]:
    """A process that works, and is gone afterwards."""
    process = FORK.Process(target=work, args=given)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def count(lock, path):
    for _ in range(300):
        with lock:
            path.write_text(str(int(path.read_text()) + 1))


def test_a_lock_is_held_by_one_process_at_a_time(tmp_path):
    path = tmp_path / "count"
    path.write_text("0")
    lock = RobustLock()
    with forked(count, lock, path) as one, forked(count, lock, path) as other:
        for process in (one, other):
            process.join(SECONDS)
            assert process.exitcode == 0
    assert path.read_text() == "600"


def hold(lock, held):
    with lock:
        held.send("held")
        held.recv()


def test_a_lock_is_free_once_its_holder_was_killed():
    lock = RobustLock()
    for _ in range(2):
        here, there = FORK.Pipe()
        with forked(hold, lock, there):
            assert here.poll(SECONDS)


def give_back(queue, back):
    back.send("reading")
    back.send(queue.get())


def is_waiting(reader):
    return psutil.Process(reader.pid).status() == psutil.STATUS_SLEEPING


def test_the_next_reader_gets_what_a_killed_one_waited_for():
    queue = RobustQueue()
    here, there = FORK.Pipe()
    reader = (give_back, queue, there)
    with forked(*reader) as one, forked(*reader) as other:
        assert [here.recv(), here.recv()] == ["reading", "reading"]
        wait_for(lambda: is_waiting(one) and is_waiting(other))
    with forked(*reader):
        assert here.recv() == "reading"
        queue.put({"task": 1})
        assert here.poll(SECONDS)
        assert here.recv() == {"task": 1}


def test_items_come_in_order_and_the_last_one_leaves_it_empty():
    queue = RobustQueue()
    assert queue.empty()
    for item in (1, None, "three"):
        queue.put(item)
    assert not queue.empty()
    assert [queue.get() for _ in range(3)] == [1, None, "three"]
    assert queue.empty()


def test_a_closed_queue_is_of_no_use_here():
    queue = RobustQueue()
    queue.close()
    with pytest.raises(ValueError, match="closed"):
        queue.put(1)
