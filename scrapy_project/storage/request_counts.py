"""Requests by host, for whoever watches the crawl: made so far in this run, and worth making."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from trainer.runs.requests import REQUESTS_FILE
from trainer.staging.atomic import read_json, write_json

WRITE_SECONDS = 5.0


class RequestCounts:
    """Goes on from what an interrupted attempt of the same run had counted."""

    def __init__(self, directory: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._path = directory / REQUESTS_FILE
        self._monotonic = monotonic
        self._written = 0.0
        self._made = _before(self._path)
        self._left: Counter[str] = Counter()

    def expect(self, left: Mapping[str, int]) -> None:
        """How many requests each host is still to get, as far as is known now."""
        self._left = Counter(left)

    def made(self, host: str) -> None:
        """Count a request that goes out, retries and robots.txt included."""
        self._made[host] += 1
        self._left[host] = max(self._left[host] - 1, 0)
        if self._monotonic() - self._written >= WRITE_SECONDS:
            self.write()

    def write(self) -> None:
        """Write the figures; the file appears whole."""
        self._written = self._monotonic()
        hosts = sorted(self._made | self._left)
        counts = {host: {"made": self._made[host], "left": self._left[host]} for host in hosts}
        write_json(self._path, counts)


def _before(path: Path) -> Counter[str]:
    """A file that can't be read counts as none."""
    try:
        return Counter({host: int(counts["made"]) for host, counts in read_json(path).items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Counter()
