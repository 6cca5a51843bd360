"""Watchdog: a program that writes nothing for too long hangs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Watchdog:
    """Calls `end` once where nothing is `heard` for `seconds`. Use as a context manager."""

    def __init__(self, seconds: float, end: Callable[[], object]) -> None:
        self.seconds = seconds
        self.broken = False
        self._end = end
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Watchdog:
        self.heard()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def heard(self) -> None:
        """Start the clock anew: something was written."""
        self._stop()
        if not self.broken:
            self._timer = threading.Timer(self.seconds, self._expire)
            self._timer.daemon = True
            self._timer.start()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """While the block works on what was heard, e.g. writes it to a slow disk, nobody listens:
        the clock stands, and starts anew afterwards."""
        self._stop()
        try:
            yield
        finally:
            self.heard()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _expire(self) -> None:
        self.broken = True
        self._end()
