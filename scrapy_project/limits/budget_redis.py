"""Budgets of several machines, in Redis: the one that Celery needs anyway, or another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from scrapy_project.limits.budget_store import Entry, T, Work
from scrapy_project.storage.report import CrawlStopped

PREFIX = "stash-sense-trainer:budget:"
FORGOTTEN_AFTER = 2 * 86_400  # seconds without a request; more than a host can be held
TIMEOUT = 10.0


class RedisBudgets:
    """A `BudgetStore` in the database at `url`, by its clock. Raises `CrawlStopped` (failed) where
    Redis does not answer: without budgets nothing is asked."""

    def __init__(self, url: str, clock: Callable[[], float] | None = None) -> None:
        self._redis = Redis.from_url(url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT)
        self._given_clock = clock

    def clock(self) -> float:
        """Return the server's time, in seconds since the epoch."""
        try:
            return self._now(self._redis)
        except RedisError as error:
            raise _unavailable(error) from None

    def change(self, keys: Sequence[str], interval: float, work: Work[T]) -> T:
        """Change entries in one transaction; begun again where somebody else changed them."""
        names = [PREFIX + key for key in keys]
        results: list[T] = []  # of each attempt

        def attempt(pipe: Any) -> None:
            moment = self._now(pipe)
            found = pipe.mget(names)
            pairs = zip(keys, found, strict=True)
            entries = [_entry(key, value, moment + interval) for key, value in pairs]
            before = [(entry.free, entry.held) for entry in entries]
            results.append(work(entries, moment))
            pipe.multi()
            for name, entry, known in zip(names, entries, before, strict=True):
                if (entry.free, entry.held) != known:
                    pipe.set(name, f"{entry.free:.6f} {entry.held:.6f}", ex=FORGOTTEN_AFTER)

        try:
            self._redis.transaction(attempt, *names)
        except RedisError as error:
            raise _unavailable(error) from None
        return results[-1]

    def _now(self, client: Any) -> float:
        if self._given_clock is not None:
            return self._given_clock()
        seconds, microseconds = client.time()
        return float(seconds) + float(microseconds) / 1e6


def _entry(key: str, value: bytes | None, if_unreadable: float) -> Entry:
    if value is None:
        return Entry(key)
    try:
        free, held = map(float, value.split())
    except ValueError:
        return Entry(key, free=if_unreadable)
    return Entry(key, free, held)


def _unavailable(error: RedisError) -> CrawlStopped:
    return CrawlStopped(
        "failed",
        f"the budgets in Redis can't be kept ({error}), and without them nothing is asked; start "
        "the Redis that TRAINER_BUDGETS names, then run again",
    )
