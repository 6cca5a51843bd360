"""One request budget per host and per source, shared by every crawl of its store: of the machine,
or of all machines of a cluster (`TRAINER_BUDGETS`)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import tldextract

from scrapy_project.limits.budget_files import BudgetFiles
from scrapy_project.limits.budget_shared_files import SharedBudgetFiles
from scrapy_project.limits.budget_store import BudgetStore, Entry
from trainer.config.groups.sources import SHARED_FILES
from trainer.config.settings import Settings

HOLD_MAX_SECONDS = 86_400.0  # a host that asks for more is asked again after a day
# The longest that a moment can lie ahead: four crawls of a host that wants 15 minutes. What lies
# further ahead was reserved before somebody set a shared clock back.
LONGEST_QUEUE_SECONDS = 3600.0
SHARED = "shared"  # the folder of a cluster's budgets, beside the files of each machine


class Held(Exception):
    """A host wants to be left alone until `until` (of the store's clock); nothing was reserved."""

    def __init__(self, key: str, until: float) -> None:
        super().__init__(key)
        self.key = key
        self.until = until


class Budget:
    """Gives out moments at which a request may start, in seconds of the store's clock."""

    def __init__(self, store: BudgetStore) -> None:
        self._store = store
        self.clock = store.clock

    def reserve(self, keys: Sequence[str], interval: float) -> float:
        """The moment at which a request may start that counts against all `keys`; the next one
        follows `interval` seconds later at the earliest. Raises `Held`."""

        def work(entries: list[Entry], now: float) -> float:
            _refuse_held(entries, now)
            latest = max(entry.free for entry in entries)
            moment = max(now, latest if latest <= now + LONGEST_QUEUE_SECONDS else now + interval)
            for entry in entries:
                entry.free = moment + interval
            return moment

        return self._store.change(keys, interval, work)

    def confirm(self, keys: Sequence[str], moment: float, interval: float) -> bool:
        """Whether a request may still start, now that its moment has come.

        Not when a stall made it late by more than half an interval: it would come too close to
        the one after it, so it needs a new moment. Raises `Held`, as `reserve` does.
        """

        def work(entries: list[Entry], now: float) -> float:
            _refuse_held(entries, now)
            return now

        self._store.change(keys, interval, work)
        return self.clock() - moment <= interval / 2

    def hold(self, key: str, seconds: float) -> None:
        """Nobody asks `key` for so long; a longer hold that is there already stays."""

        def work(entries: list[Entry], now: float) -> None:
            (entry,) = entries
            entry.held = max(entry.held, now + min(seconds, HOLD_MAX_SECONDS))

        self._store.change([key], 0.0, work)


def open_budget(directory: Path) -> Budget:
    """Return the budgets that `TRAINER_BUDGETS` names; `directory` is the one of DATA_DIR."""
    chosen = Settings.load().budgets
    if chosen is None:
        return Budget(BudgetFiles(directory))
    if chosen.get_secret_value() == SHARED_FILES:
        return Budget(SharedBudgetFiles(directory / SHARED))
    from scrapy_project.limits.budget_redis import RedisBudgets

    return Budget(RedisBudgets(chosen.get_secret_value()))


def _refuse_held(entries: list[Entry], now: float) -> None:
    held = max(entries, key=lambda entry: entry.held)
    if held.held > now:
        raise Held(held.key, held.held)


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
