"""Who may change a DATA_DIR: one build, purge or decision alone, or the tasks of a build in Airflow
side by side. The kernel releases a lock when the process dies, however it dies; for other machines
that share the DATA_DIR there is a lease beside it."""

from __future__ import annotations

import fcntl
import logging
import os
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from trainer.errors import RetryLater, StageFailed
from trainer.reasons import reason
from trainer.staging.leases import Kind, Taken, lease
from trainer.staging.lock_holder import holder, note_holder

log = logging.getLogger(__name__)

PATIENCE = 600.0  # seconds; most of what works alone is done by then
_LOOK_AGAIN = 1.0
_TOGETHER = 3  # attempts, as of two who come at once both may see the other


class Busy(StageFailed):
    """A build, or a task of one, is at work."""


@contextmanager
def build_lock(path: Path) -> Iterator[None]:
    """Work alone. Raises `Busy` at once.

    Not to be taken by what an Airflow task runs under its `task_lock`: it would refuse itself.
    """
    with _opened(path) as handle:
        if not _taken(handle, fcntl.LOCK_EX):
            raise Busy(
                f"another build is running in {path.parent}, here or in Airflow{holder(handle)}; "
                "wait for its end, or stop it (in Airflow: pause the DAG and mark its run as "
                "failed), and try again"
            )
        note_holder(handle)
        with _leased_at_once(path):
            yield


@contextmanager
def task_lock(path: Path, patience: float | None = None) -> Iterator[None]:
    """Work beside other tasks. Waits for who works alone; raises `RetryLater` after `patience`
    seconds."""
    with _opened(path) as handle:
        seconds = PATIENCE if patience is None else patience
        deadline = time.monotonic() + seconds
        waiting = False
        while not _taken(handle, fcntl.LOCK_SH):
            if time.monotonic() >= deadline:
                raise RetryLater(
                    f"a build, a purge or a decision has {path.parent} for itself"
                    f"{holder(handle)}; wait, this task is tried again"
                )
            if not waiting:
                log.info(
                    f"waiting for a build, a purge or a decision that has {path.parent} for itself"
                    f"{holder(handle)}"
                )
            waiting = True
            time.sleep(min(_LOOK_AGAIN, seconds))
        note_holder(handle)
        with _leased(path, "beside", max(0.0, deadline - time.monotonic())):
            yield


@contextmanager
def short_lock(path: Path) -> Iterator[None]:
    """Work alone for a moment, e.g. to write a file that was compared before. Waits its turn."""
    with _opened(path) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with _leased(path, "alone", PATIENCE):
            yield


@contextmanager
def _leased_at_once(path: Path) -> Iterator[None]:
    """The lease of who works alone, against other machines. Raises `Busy`."""
    with ExitStack() as stack:
        for attempt in range(1, _TOGETHER + 1):
            try:
                stack.enter_context(lease(_leases(path), "alone"))
                break
            except Taken as taken:
                if attempt == _TOGETHER:
                    raise Busy(
                        f"another machine works in {path.parent}: {reason(taken)}; wait for its "
                        "end, or stop it there, and try again"
                    ) from None
            time.sleep(random.uniform(0, _LOOK_AGAIN))
        yield


@contextmanager
def _leased(path: Path, kind: Kind, patience: float) -> Iterator[None]:
    """A lease that is waited for. Raises `RetryLater` after `patience` seconds."""
    deadline = time.monotonic() + patience
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(lease(_leases(path), kind))
                break
            except Taken as taken:
                if time.monotonic() >= deadline:
                    raise RetryLater(
                        f"another machine has {path.parent} for itself: {reason(taken)}; wait, "
                        "this task is tried again"
                    ) from None
            time.sleep(random.uniform(0, min(_LOOK_AGAIN, patience)))
        yield


def _leases(path: Path) -> Path:
    return path.with_name(f"{path.name}.leases")


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield handle
    finally:
        os.close(handle)


def _taken(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
