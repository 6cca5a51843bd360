"""A queue between forked processes that a killed one cannot block.

`multiprocessing.SimpleQueue` has one reader at a time wait for the next item, with a lock that the
others wait for. Where that reader is killed outright (`kill -9`, out of memory), its lock stays
locked, and nobody ever reads again. Here the kernel takes the lock back from whoever ends.
"""

from __future__ import annotations

import fcntl
import os
from multiprocessing import Pipe
from typing import Any


class RobustLock:
    """Held by one process at a time, and free again when that ends; `with lock:`.

    For this process and those forked from it. It keeps processes apart, not threads.
    """

    def __init__(self) -> None:
        self._file = open(os.memfd_create("lock"), "wb")  # noqa: PTH123, SIM115 - it has no path

    def __enter__(self) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_EX)  # not flock, whose locks a fork shares

    def __exit__(self, *_: object) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the memory back; nobody here can hold the lock any more."""
        self._file.close()


class RobustQueue:
    """What `multiprocessing.SimpleQueue` does, for this process and those forked from it."""

    def __init__(self) -> None:
        self._reader, self._writer = Pipe(duplex=False)
        self._reading, self._writing = RobustLock(), RobustLock()

    def put(self, item: Any) -> None:
        """Append an item; waits while the pipe is full."""
        with self._writing:
            self._writer.send(item)

    def get(self) -> Any:
        """Take the next item; waits for one. Raises `EOFError` where nobody can write any more."""
        with self._reading:
            return self._reader.recv()

    def empty(self) -> bool:
        """Whether nothing is there to be taken right now."""
        return not self._reader.poll()

    def close(self) -> None:
        """Give up this process's ends; others keep theirs."""
        for part in (self._reader, self._writer, self._reading, self._writing):
            part.close()
