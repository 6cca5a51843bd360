"""Trying again, politely: Retry-After first, else exponential delays with jitter."""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from scrapy_project.failures import PASSING, fetch_failed
from scrapy_project.limits.budget import host_key, open_budget
from scrapy_project.storage.report import disk_failed, without_secrets
from trainer.staging.clock import now

RETRY_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_LONGEST_NUMBER = 9  # digits: more than thirty years, which no host means
logger = logging.getLogger(__name__)


class BackoffMiddleware:
    """Retries `source.retries` times.

    A 429, and every Retry-After, holds the host's budget: no crawl that shares it asks it before.
    Who asks for a longer pause than a crawl waits is not tried again.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._retries = settings.getint("RETRY_TIMES")
        self._base = settings.getfloat("BACKOFF_BASE_SECONDS")
        self._cap = settings.getfloat("BACKOFF_MAX_SECONDS")
        self._retry_after_cap = settings.getfloat("RETRY_AFTER_MAX_SECONDS")
        self._random = random.Random()
        self._budget = open_budget(Path(settings["BUDGET_DIRECTORY"]))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> BackoffMiddleware:
        """Build it from the settings of a crawl."""
        return cls(crawler)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Wait and ask again where the status may pass, else let the answer through."""
        if response.status not in RETRY_STATUS:
            return response
        header = response.headers.get("Retry-After")
        asked = retry_after_seconds(header.decode("latin-1"), now()) if header else None
        wait = self._delay(request) if asked is None else asked
        if asked is not None or response.status == 429:
            self._hold(host_key(request.url), wait)
        if asked is not None and asked > self._retry_after_cap:
            return response
        return await self._again(request, f"HTTP {response.status}", wait) or response

    async def process_exception(self, request: Request, exception: Exception) -> Any:
        """Wait and ask again where the failure may pass; None leaves it to the others."""
        if isinstance(exception, PASSING):
            why = str(fetch_failed(exception))
            return await self._again(request, why, self._delay(request))
        return None

    def _hold(self, key: str, seconds: float) -> None:
        try:
            self._budget.hold(key, seconds)
        except OSError as error:
            raise disk_failed(error) from None

    def _delay(self, request: Request) -> float:
        tried = request.meta.get("retry_times", 0)
        return backoff_seconds(tried, self._base, self._cap, self._random.random())

    async def _again(self, request: Request, why: str, wait: float) -> Request | None:
        tried = request.meta.get("retry_times", 0)
        if tried >= self._retries:
            return None
        logger.info("%s: %s, trying again in %.1f s", without_secrets(request.url), why, wait)
        await asyncio.sleep(wait)
        again = request.copy()
        again.meta["retry_times"] = tried + 1
        again.dont_filter = True
        return again


def backoff_seconds(tried: int, base: float, cap: float, jitter: float) -> float:
    """Delay in seconds before retry number `tried` (from 0); `jitter` in 0..1 spreads it over
    50-100% of the exponential value."""
    return float(min(cap, base * 2**tried) * (0.5 + jitter / 2))


def retry_after_seconds(header: str, moment: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (number or HTTP date); None if unreadable.

    Of several numbers, as two headers in one give them, it is the longest.
    """
    numbers = [text.strip() for text in header.split(",")]
    if all(text.isascii() and text.isdigit() for text in numbers):
        return max(float(text.lstrip("0")[: _LONGEST_NUMBER + 1] or 0) for text in numbers)
    try:
        date = parsedate_to_datetime(header.strip())
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        return max(0.0, (date - moment).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):  # the calendar has no such day
        return None
