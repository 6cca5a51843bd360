"""An iterator that works ahead of its reader in its own thread, by a bounded number."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")
_WAIT = 0.1  # seconds between looks at whether anybody still reads


class _End:
    """What the thread leaves last: nothing more comes, or the error that ended it."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class Prefetch(Generic[T]):
    """The items of `source` in their order, at most `size` of them waiting.

    An error of the source is raised to the reader in its place. `close` ends the thread when the
    item it has in hand is done; what waits is dropped.
    """

    def __init__(self, source: Iterable[T], size: int, name: str) -> None:
        self._source = source
        self._queue: queue.Queue[T | _End] = queue.Queue(size)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        items = iter(self._source)
        try:
            for item in items:
                if not self._put(item):
                    break
            if isinstance(items, Generator):
                items.close()
            self._put(_End(None))
        except BaseException as error:  # the reader's to handle, whatever it is
            self._put(_End(error))

    def _put(self, item: T | _End) -> bool:
        while not self._closing.is_set():
            with suppress(queue.Full):
                self._queue.put(item, timeout=_WAIT)
                return True
        return False

    def __iter__(self) -> Iterator[T]:
        while True:
            item = self._queue.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item

    def close(self) -> None:
        """Stop reading the source and wait for the thread."""
        self._closing.set()
        self._thread.join()
