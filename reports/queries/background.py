"""Answers that take seconds: they are worked out while the page is there already."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class Background(Generic[T]):
    """One answer at a time; the last `most` are kept by their key."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, Future[T]] = OrderedDict()
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reports")
        self._lock = Lock()

    def answer(self, key: Hashable, work: Callable[[], T], patience: float) -> T | None:
        """The answer, or None where it takes longer than `patience` seconds: ask again."""
        with self._lock:
            if key not in self._known:
                self._known[key] = self._worker.submit(work)
                while len(self._known) > self._most:
                    self._known.popitem(last=False)[1].cancel()
            future = self._known[key]
        try:
            return future.result(timeout=patience)
        except TimeoutError:
            return None
