"""Answers that are kept as long as the file they were read from stays as it is."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
Stamp = tuple[int, int, int]


def stamp(path: Path) -> Stamp | None:
    """What changes with a file's content: its inode, size and time; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_ino, found.st_size, found.st_mtime_ns)


class Kept(Generic[T]):
    """Calls `read(path)` once per state of the file; remembers the last `most` files."""

    def __init__(self, read: Callable[[Path], T], most: int = 1_000) -> None:
        self._read = read
        self._most = most
        self._known: OrderedDict[Path, tuple[Stamp, T]] = OrderedDict()
        self._lock = Lock()

    def __call__(self, path: Path) -> T:
        now = stamp(path)
        with self._lock:
            known = self._known.get(path)
        if known and known[0] == now:
            return known[1]
        answer = self._read(path)
        if now is not None:
            self._keep(path, now, answer)
        return answer

    def _keep(self, path: Path, now: Stamp, answer: T) -> None:
        with self._lock:
            self._known[path] = (now, answer)
            self._known.move_to_end(path)
            while len(self._known) > self._most:
                self._known.popitem(last=False)
