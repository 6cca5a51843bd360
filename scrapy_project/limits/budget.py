"""One request budget a host and a source, shared by every crawl of the machine.

A budget is a file of one line, changed under a lock: the boot that it belongs to, the next free
moment and the moment up to which the host asked to be left alone, both in seconds of the machine's
monotonic clock. It outlives `kill -9`; after a restart of the machine it counts as empty.
"""

from __future__ import annotations

import fcntl
import ipaddress
import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, urlsplit

import tldextract

from trainer.staging.names import with_hash

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
LONGEST_NAME = 200  # a host of foreign letters has several signs for each
HOLD_MAX_SECONDS = 86_400.0  # a host that asks for more is asked again after a day
logger = logging.getLogger(__name__)


class Held(Exception):
    """A host wants to be left alone until `until` (monotonic seconds); nothing was reserved."""

    def __init__(self, key: str, until: float) -> None:
        super().__init__(key)
        self.key = key
        self.until = until


class Budget:
    """Gives out moments at which a request may start. `clock` is machine-wide and monotonic."""

    def __init__(
        self,
        directory: Path,
        clock: Callable[[], float] = time.monotonic,
        boot: str | None = None,
    ) -> None:
        self._directory = directory
        self.clock = clock
        self._boot = boot or BOOT_ID.read_text().strip()
        directory.mkdir(parents=True, exist_ok=True)

    def reserve(self, keys: Sequence[str], interval: float) -> float:
        """The moment at which a request may start that counts against all `keys`; the next one
        follows `interval` seconds later at the earliest. Raises `Held`."""
        with self._locked(keys, interval) as entries:
            self._refuse_held(entries)
            moment = max(self.clock(), *(entry.free for entry in entries))
            for entry in entries:
                entry.write(moment + interval, entry.held)
            return moment

    def confirm(self, keys: Sequence[str], moment: float, interval: float) -> bool:
        """Whether a request may still start, now that its moment has come.

        Not when a stall made it late by more than half an interval: it would come too close to
        the one after it, so it needs a new moment. Raises `Held`, as `reserve` does.
        """
        with self._locked(keys, interval) as entries:
            self._refuse_held(entries)
        return self.clock() - moment <= interval / 2

    def hold(self, key: str, seconds: float) -> None:
        """Nobody asks `key` for so long; a longer hold that is there already stays."""
        until = self.clock() + min(seconds, HOLD_MAX_SECONDS)
        with self._locked([key], 0.0) as (entry,):
            entry.write(entry.free, max(entry.held, until))

    def _refuse_held(self, entries: list[_Entry]) -> None:
        held = max(entries, key=lambda entry: entry.held)
        if held.held > self.clock():
            raise Held(held.key, held.held)

    @contextmanager
    def _locked(self, keys: Sequence[str], interval: float) -> Iterator[list[_Entry]]:
        """The entries of `keys`, in an order in which two askers never wait for each other."""
        with ExitStack() as stack:
            yield [
                stack.enter_context(_entry(self._directory, key, self._boot, self.clock, interval))
                for key in sorted(set(keys))
            ]


class _Entry:
    """One budget while its lock is held."""

    def __init__(self, key: str, handle: int, boot: str) -> None:
        self.key = key
        self._handle = handle
        self._boot = boot
        self.free = self.held = 0.0

    def read(self, path: Path, moment: float, interval: float) -> None:
        """An unreadable file counts as one that was used just now."""
        text = os.pread(self._handle, 200, 0).decode("ascii", "replace")
        if not text:
            return
        try:
            boot, *moments = text.split()
            free, held = map(float, moments)
        except ValueError:
            logger.warning("%s is unreadable: one interval is waited, then it is made anew", path)
            self.free = moment + interval
        else:
            if boot == self._boot:
                self.free, self.held = free, held

    def write(self, free: float, held: float) -> None:
        self.free, self.held = free, held
        # As long as the line before, and in one call: there is never half a line.
        line = f"{self._boot} {free:020.6f} {held:020.6f}\n".encode("ascii")
        os.pwrite(self._handle, line, 0)
        os.ftruncate(self._handle, len(line))


@contextmanager
def _entry(
    directory: Path, key: str, boot: str, clock: Callable[[], float], interval: float
) -> Iterator[_Entry]:
    path = budget_file(directory, key)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        entry = _Entry(key, handle, boot)
        entry.read(path, clock(), interval)
        yield entry
    finally:
        os.close(handle)


def budget_file(directory: Path, key: str) -> Path:
    """Where the budget of a host or source is kept."""
    name = quote(key, safe="")
    return directory / (name if len(name) <= LONGEST_NAME else with_hash(name, key, LONGEST_NAME))


def source_key(source: str) -> str:
    """Return the key of a source's own budget, beside those of `host_key`."""
    return f"source-{source}"


def host_key(url: str) -> str:
    """`host-` and the registrable domain; addresses and localhost with their port instead."""
    parsed = urlsplit(url)
    host = (parsed.hostname or "").rstrip(".")
    if host == "localhost" or _is_address(host):
        return f"host-{host}:{parsed.port or {'http': 80}.get(parsed.scheme, 443)}"
    return f"host-{_registrable(host)}"


def host_name(url: str) -> str:
    """The host of `host_key` as people read it."""
    return host_key(url).removeprefix("host-")


@lru_cache(maxsize=1024)
def _registrable(host: str) -> str:
    return str(_suffixes()(host).top_domain_under_public_suffix or host)


@lru_cache(maxsize=1)
def _suffixes() -> tldextract.TLDExtract:
    # The list that comes with the package: nothing is downloaded, nothing is cached on disk.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
