"""Budgets of several machines, in files of a file system that all of them share.

No lock is needed, so none can be lost: all entries are one small file, a change of them is the
next file, numbered one higher, and only one of two crawls can make the file of a number (`link` is
atomic on NFS, too). Who comes second reads what is there now and tries again. The number fences: a
crawl that was stopped between reading and writing, for seconds or for days, can't overwrite what
others have reserved meanwhile. The clock is the file server's, as machines' own clocks differ.
"""

from __future__ import annotations

import json
import logging
import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from scrapy_project.limits.budget_store import Entry, T, Work
from trainer.staging.atomic import TEMPORARY
from trainer.staging.sealed_json import opened, sealed

KEPT = 32  # older numbers are deleted, the oldest first
FORGOTTEN_AFTER = 86_400.0  # seconds without a request
ATTEMPTS = 1_000
PAUSE = 0.01  # seconds at most, before the next attempt
logger = logging.getLogger(__name__)
Moments = dict[str, tuple[float, float]]  # of each key: free, held


class SharedBudgetFiles:
    """A `BudgetStore` for crawls of all machines that share `directory`."""

    def __init__(self, directory: Path, clock: Callable[[], float] | None = None) -> None:
        self._directory = directory
        self._clock_file = directory / ".clock"
        self._given_clock = clock
        directory.mkdir(parents=True, exist_ok=True)

    def clock(self) -> float:
        """Return the time of the machine that has the files, in seconds since the epoch."""
        if self._given_clock is not None:
            return self._given_clock()
        self._clock_file.touch()
        return self._clock_file.stat().st_mtime

    def change(self, keys: Sequence[str], interval: float, work: Work[T]) -> T:
        """Let `work` look at the newest file's entries; its changes are the next file."""
        least = 0
        for _ in range(ATTEMPTS):
            number = max([least, *self._numbers()])
            moment = self.clock()
            with suppress(FileNotFoundError):  # deleted meanwhile: there are newer ones
                known = self._read(number)
                entries = [_entry(key, known, moment + interval) for key in keys]
                result = work(entries, moment)
                changed = {entry.key: (entry.free, entry.held) for entry in entries}
                after = {**(known or {}), **changed}
                if known == after or self._put(number + 1, _still_needed(after, moment)):
                    return result
                least = number + 1
            time.sleep(random.uniform(0, PAUSE))
        raise OSError(f"{self._directory}: changed by others {ATTEMPTS} times in a row")

    def _numbers(self) -> list[int]:
        return sorted(int(name) for name in os.listdir(self._directory) if name.isdigit())  # noqa: PTH208 - faster

    def _file(self, number: int) -> Path:
        return self._directory / f"{number:012d}"

    def _read(self, number: int) -> Moments | None:
        """{} before the first; None where the file's content is damaged."""
        if number == 0:
            return {}
        try:
            content = opened(json.loads(self._file(number).read_bytes()))
            return {str(key): (float(free), float(held)) for key, (free, held) in content.items()}
        except (ValueError, TypeError, AttributeError):
            path = self._file(number)
            logger.warning("%s is unreadable: one interval is waited, then it is made anew", path)
            return None

    def _put(self, number: int, content: Moments) -> bool:
        """Make the file of `number`, whole; False where another crawl was first."""
        handle, temporary = tempfile.mkstemp(prefix=TEMPORARY, dir=self._directory)
        try:
            with os.fdopen(handle, "w") as stream:
                json.dump(sealed(content), stream)
            os.link(temporary, self._file(number))
        except FileExistsError:
            return False
        finally:
            os.unlink(temporary)  # noqa: PTH108 - a name, as mkstemp gives it
        return self._is_newest(number)

    def _is_newest(self, number: int) -> bool:
        """Delete what is old. False where `number` itself may have been made and deleted before:
        then the file that it followed is gone, too, as the oldest go first."""
        numbers = self._numbers()
        followed = _is_there(self._file(number - 1)) if number > 1 else numbers[-1] <= KEPT
        if not followed:
            self._file(number).unlink(missing_ok=True)
            return False
        for old in numbers[:-KEPT]:
            self._file(old).unlink(missing_ok=True)
        return True


def _entry(key: str, known: Moments | None, if_unreadable: float) -> Entry:
    if known is None:
        return Entry(key, free=if_unreadable)
    return Entry(key, *known.get(key, (0.0, 0.0)))


def _still_needed(content: Moments, moment: float) -> Moments:
    since = moment - FORGOTTEN_AFTER
    return {key: both for key, both in content.items() if max(both) >= since}


def _is_there(path: Path) -> bool:
    """Opened, since the attributes of a file that is gone may be cached."""
    with suppress(OSError), path.open("rb"):
        return True
    return False
