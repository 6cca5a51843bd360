"""Children of several threads, each waiting for its own: one thread stops all of them.

A signal reaches the main thread alone, and Python has no way to interrupt another. So whoever waits
for the threads stops their children, and each thread then ends as if the signal had been its own.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from trainer.processes.groups import stop_groups

T = TypeVar("T")
_together: ContextVar[Together | None] = ContextVar("_together", default=None)


class Together:
    """The children of threads that do their work through `run`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._groups: set[int] = set()
        self.is_stopped = False

    def run(self, work: Callable[[], T]) -> T:
        """Call `work` in the current thread; the children that it starts are stopped by `stop`."""
        token = _together.set(self)
        try:
            return work()
        finally:
            _together.reset(token)

    def stop(self, seconds: float) -> None:
        """SIGTERM to every child's group, up to `seconds` for all of them, SIGKILL to what is left,
        also where that is interrupted. What is started later is killed at once."""
        with self._lock:
            self.is_stopped = True
            groups = set(self._groups)
        try:
            stop_groups(groups, seconds)
        except BaseException:
            stop_groups(groups, 0)
            raise

    def add(self, group: int) -> None:
        """A child has started."""
        with self._lock:
            self._groups.add(group)
            is_late = self.is_stopped
        if is_late:
            stop_groups([group], 0)

    def remove(self, group: int) -> None:
        """A child has ended."""
        with self._lock:
            self._groups.discard(group)


@contextmanager
def known_to_others(group: int) -> Iterator[None]:
    """While the block follows a child, whoever stops this thread's work can stop the child."""
    together = _together.get()
    if together is None:
        yield
        return
    together.add(group)
    try:
        yield
    finally:
        together.remove(group)


def is_stopped() -> bool:
    """Has this thread's work been stopped by another thread?"""
    together = _together.get()
    return together is not None and together.is_stopped
