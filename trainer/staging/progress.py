"""Progress of long work: a count, a rate and an estimate, in a file and as heartbeat lines."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trainer.staging.atomic import read_json, write_json

log = logging.getLogger(__name__)

PROGRESS = "progress.json"


class Progress:
    """Counts work done against a total that may grow.

    Writes `progress.json` into `directory` at most every `file_seconds`, and hands a line to
    `emit` at most every `line_seconds`, so that a proxy or a person sees that work goes on.
    """

    def __init__(
        self,
        directory: Path,
        unit: str,
        total: int = 0,
        file_seconds: float = 1.0,
        line_seconds: float = 10.0,
        monotonic: Callable[[], float] = time.monotonic,
        emit: Callable[[str], object] = log.info,
    ) -> None:
        self._path = directory / PROGRESS
        self._unit = unit
        self._emit = emit
        self._every = {"file": file_seconds, "line": line_seconds}
        self._monotonic = monotonic
        self._start = monotonic()
        self._last = {"file": self._start - file_seconds, "line": self._start}
        self.total = total
        self.done = 0

    def advance(self, count: int = 1) -> None:
        """Count work as done; write and emit the figures where they are due."""
        self.done += count
        if self._due("file"):
            write_json(self._path, self.figures())
        if self._due("line"):
            self._emit(self.line())

    def finish(self) -> None:
        """Write and emit the final figures."""
        write_json(self._path, self.figures())
        self._emit(self.line())

    def figures(self) -> dict[str, Any]:
        """Return unit, done, total, rate per second and estimated seconds left (None while nothing
        is done)."""
        elapsed = max(self._monotonic() - self._start, 1e-9)
        rate = self.done / elapsed
        left = max(self.total - self.done, 0)
        return {
            "unit": self._unit,
            "done": self.done,
            "total": self.total,
            "rate_per_second": round(rate, 2),
            "seconds_left": round(left / rate) if rate > 0 else None,
        }

    def line(self) -> str:
        """Return the figures as one line for people."""
        return describe(self.figures())

    def _due(self, what: str) -> bool:
        moment = self._monotonic()
        if moment - self._last[what] < self._every[what]:
            return False
        self._last[what] = moment
        return True


def describe(figures: dict[str, Any]) -> str:
    """Return figures as one line: `12/40 pictures, 3.9/s, 7 s left`."""
    left = figures["seconds_left"]
    estimate = f"{left} s left" if left is not None else "no estimate yet"
    return (
        f"{figures['done']}/{figures['total']} {figures['unit']}, "
        f"{figures['rate_per_second']}/s, {estimate}"
    )


def read_progress(directory: Path) -> dict[str, Any] | None:
    """Return the figures last written in `directory`; None where there are none."""
    path = directory / PROGRESS
    content = read_json(path) if path.exists() else None
    return content if isinstance(content, dict) else None
