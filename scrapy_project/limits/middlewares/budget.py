"""Every request waits for its moment in the budgets of its source and of its host."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request

from scrapy_project.limits.budget import (
    Budget,
    Held,
    host_key,
    host_name,
    open_budget,
    source_key,
)
from scrapy_project.storage.report import disk_failed


class HostHeld(IgnoreRequest):  # type: ignore[misc]
    """The host asked to be left alone for longer than a crawl waits."""


class BudgetMiddleware:
    """The last one before the network, so that retries, redirects and robots.txt pay as well."""

    def __init__(
        self,
        budget: Budget,
        source: str,
        interval: float,
        longest_hold: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        made: Callable[[str], object] | None = None,
    ) -> None:
        """`made`: told the host of each request that goes out."""
        self._budget = budget
        self._sleep = sleep
        self._made = made
        self._source = source_key(source)
        self._interval = interval
        self._longest_hold = longest_hold
        self._slower: dict[str, float] = {}  # host -> the interval that it asks for itself
        # One at a time takes a moment and waits for it: none is kept for a request that is late.
        self._turn = asyncio.Lock()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> BudgetMiddleware:
        """Build it from the settings of a crawl."""
        settings = crawler.settings
        return cls(
            open_budget(Path(settings["BUDGET_DIRECTORY"])),
            settings["BUDGET_SOURCE"],
            settings.getfloat("BUDGET_INTERVAL"),
            settings.getfloat("RETRY_AFTER_MAX_SECONDS"),
            made=crawler.spider.report.requests.made,
        )

    async def process_request(self, request: Request) -> None:
        """Wait for the moment at which the request may start.

        Raises `HostHeld` where the host asked for a longer pause than a crawl waits.
        """
        keys = [self._source, host_key(request.url)]
        late = 0
        while True:
            try:
                async with self._turn:
                    if await self._start(keys, 2.0**late):
                        self._count(request.url)
                        return
                    late += 1
            except Held as held:
                await self._wait_for(held)
            except OSError as error:
                raise disk_failed(error) from None

    def _count(self, url: str) -> None:
        if self._made is not None:
            self._made(host_name(url))

    def slow_down(self, url: str, seconds: float) -> bool:
        """From now on the host of `url` is asked once in so many seconds. False, and nothing
        changes, where it is not asked more often anyway."""
        host = host_key(url)
        if seconds <= self._slower.get(host, self._interval):
            return False
        self._slower[host] = seconds
        try:
            self._budget.hold(host, seconds)  # what was asked just now counts as well
        except OSError as error:
            raise disk_failed(error) from None
        return True

    async def _start(self, keys: list[str], times: float) -> bool:
        """Take a moment and wait for it; False where it went by. Who was late before takes so many
        `times` the interval: budgets on a slow disk would be late for ever otherwise."""
        interval = times * max(self._slower.get(key, self._interval) for key in keys)
        moment = self._budget.reserve(keys, interval)
        await self._sleep(max(0.0, moment - self._budget.clock()))
        return self._budget.confirm(keys, moment, interval)

    async def _wait_for(self, held: Held) -> None:
        seconds = held.until - self._budget.clock()
        if seconds > self._longest_hold:
            raise HostHeld(
                f"{held.key.removeprefix('host-')} asked to be left alone for another "
                f"{seconds / 60:.0f} minutes; run again after that"
            )
        await self._sleep(max(0.0, seconds))
