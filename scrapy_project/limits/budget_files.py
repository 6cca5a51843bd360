"""Budgets of one machine: a file each, changed under a lock of the kernel.

A file is one line: the boot that it belongs to and the entry's two moments, in seconds of the
machine's monotonic clock, and a checksum, as a flipped bit could mean a wait of years. It outlives
`kill -9`; after a restart of the machine it counts as empty.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

from scrapy_project.limits.budget_store import Entry, T, Work
from trainer.staging.budget_line import line_of, read_line
from trainer.staging.names import with_hash

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LONGEST_NAME = 200  # a host of foreign letters has several signs for each
logger = logging.getLogger(__name__)


class BudgetFiles:
    """A `BudgetStore` for the crawls of one machine. `clock` is machine-wide and monotonic."""

    def __init__(
        self,
        directory: Path,
        clock: Callable[[], float] = time.monotonic,
        boot: str | None = None,
    ) -> None:
        self._directory = directory
        self._boot = boot or BOOT_ID.read_text().strip()
        self.clock = clock
        directory.mkdir(parents=True, exist_ok=True)

    def change(self, keys: Sequence[str], interval: float, work: Work[T]) -> T:
        """Hold the locks of all `keys` while `work` looks at them and changes them."""
        with ExitStack() as stack:
            # In an order in which two crawls never wait for each other.
            files = {key: stack.enter_context(self._locked(key)) for key in sorted(set(keys))}
            moment = self.clock()
            entries = [self._read(key, files[key], moment + interval) for key in keys]
            before = [(entry.free, entry.held) for entry in entries]
            result = work(entries, moment)
            for entry, known in zip(entries, before, strict=True):
                if (entry.free, entry.held) != known:
                    self._write(files[entry.key], entry)
            return result

    @contextmanager
    def _locked(self, key: str) -> Iterator[int]:
        handle = os.open(budget_file(self._directory, key), os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield handle
        finally:
            os.close(handle)

    def _read(self, key: str, handle: int, if_unreadable: float) -> Entry:
        text = os.pread(handle, 200, 0).decode("ascii", "replace")
        if not text:
            return Entry(key)
        try:
            boot, free, held = read_line(text)
        except ValueError:
            path = budget_file(self._directory, key)
            logger.warning("%s is unreadable: one interval is waited, then it is made anew", path)
            return Entry(key, free=if_unreadable)
        return Entry(key, free, held) if boot == self._boot else Entry(key)

    def _write(self, handle: int, entry: Entry) -> None:
        # As long as the line before, and in one call: there is never half a line.
        line = line_of(f"{self._boot} {entry.free:020.6f} {entry.held:020.6f}")
        os.pwrite(handle, line, 0)
        os.ftruncate(handle, len(line))


def budget_file(directory: Path, key: str) -> Path:
    """Where the budget of a host or source is kept."""
    name = quote(key, safe="")
    return directory / (name if len(name) <= LONGEST_NAME else with_hash(name, key, LONGEST_NAME))
