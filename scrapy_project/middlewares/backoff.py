"""Trying again, politely: Retry-After first, else exponential delays with jitter."""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from scrapy.http import Request, Response

from trainer.staging.clock import now

RETRY_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
RETRY_ERRORS = (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    OSError,
)
logger = logging.getLogger(__name__)


class BackoffMiddleware:
    """Retries `source.retries` times. A Retry-After holds back every request of the crawl."""

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._retries = settings.getint("RETRY_TIMES")
        self._base = settings.getfloat("BACKOFF_BASE_SECONDS")
        self._cap = settings.getfloat("BACKOFF_MAX_SECONDS")
        self._retry_after_cap = settings.getfloat("RETRY_AFTER_MAX_SECONDS")
        self._random = random.Random()
        self._hold_until = 0.0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> BackoffMiddleware:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        loop = asyncio.get_running_loop()
        while (left := self._hold_until - loop.time()) > 0:
            await asyncio.sleep(left)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        if response.status not in RETRY_STATUS:
            return response
        header = response.headers.get("Retry-After")
        asked = retry_after_seconds(header.decode("latin-1"), now()) if header else None
        if asked is not None:
            asked = min(asked, self._retry_after_cap)
            held = asyncio.get_running_loop().time() + asked
            self._hold_until = max(self._hold_until, held)
        return await self._again(request, f"HTTP {response.status}", asked) or response

    async def process_exception(self, request: Request, exception: Exception) -> Any:
        if isinstance(exception, RETRY_ERRORS):
            return await self._again(request, type(exception).__name__, None)
        return None

    async def _again(self, request: Request, why: str, asked: float | None) -> Request | None:
        tried = request.meta.get("retry_times", 0)
        if tried >= self._retries:
            return None
        computed = backoff_seconds(tried, self._base, self._cap, self._random.random())
        wait = computed if asked is None else asked
        logger.info("%s: %s, trying again in %.1f s", request.url, why, wait)
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
    """Seconds that a Retry-After header asks for (number or HTTP date); None if unreadable."""
    text = header.strip()
    if text.isdigit():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - moment).total_seconds())
