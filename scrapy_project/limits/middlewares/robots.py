"""robots.txt is asked for before anything else of a host, and holds whichever fetcher is used."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    NotConfigured,
    ResponseDataLossError,
)
from scrapy.http import Request, Response

from scrapy_project.limits.middlewares.addresses import AddressRefused, is_refused
from scrapy_project.limits.middlewares.budget import BudgetMiddleware, HostHeld
from scrapy_project.limits.robots import MAX_BYTES, MAX_REDIRECTS, Rules, read_rules
from scrapy_project.limits.tls_words import NOT_SECURE, tls_words
from scrapy_project.storage.report import CrawlStopped

MAX_AGE_SECONDS = 86_400.0  # RFC 9309: an older copy is not used
DOWNLOAD_MAX_BYTES = 10 * MAX_BYTES  # whoever sends more sends something else
_IN_WORDS = (
    (CannotResolveHostError, "its host has no address"),
    (DownloadConnectionRefusedError, "connection refused"),
    ((DownloadTimeoutError, TimeoutError), "no answer in time"),
    (ResponseDataLossError, "its answer ended too early"),
    (DownloadCancelledError, f"its answer is above {DOWNLOAD_MAX_BYTES} bytes"),
)


class RobotsRefused(IgnoreRequest):  # type: ignore[misc]
    """`kind` is the one of its errors, `origin` whose robots.txt it was."""

    kind: ClassVar[str]

    def __init__(self, origin: str, message: str) -> None:
        super().__init__(message)
        self.origin = origin


class RobotsForbidden(RobotsRefused):
    """The robots.txt forbids this address."""

    kind = "robots"


class RobotsUnreachable(RobotsRefused):
    """There may be rules, but nobody can read them: nothing at all is asked of the host."""

    kind = "robots_unreachable"


class RobotsMiddleware:
    """Asks for the robots.txt of each host once in a crawl, and again when a day has passed.

    Its requests go through all other middlewares: they pay, and are tried again.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        if not settings.getbool("ROBOTSTXT_OBEY"):
            raise NotConfigured
        self._crawler = crawler
        self._agent: str = settings["USER_AGENT"].partition(" ")[0]
        self._longest_delay = settings.getfloat("RETRY_AFTER_MAX_SECONDS")
        self._app_means_none = settings.getbool("ROBOTSTXT_APP_MEANS_NONE")
        self._known: dict[str, tuple[float, Rules]] = {}
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> RobotsMiddleware:
        """Build it for a crawl. Raises `NotConfigured` where robots.txt is not to be obeyed."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let a request through that the host's robots.txt allows.

        Raises `RobotsForbidden` where it does not, `RobotsUnreachable` where nobody can read it.
        """
        if request.meta.get("dont_obey_robotstxt"):
            return
        origin = origin_of(request.url)
        rules = await self._rules(origin)
        if rules.refusal is not None:
            raise RobotsUnreachable(
                origin,
                f"{origin}/robots.txt {rules.refusal}: without its rules nothing may be asked of "
                "this host; see what is wrong with it, and run again once it is well",
            )
        if not rules.allows(request.url):
            raise RobotsForbidden(origin, f"{origin}/robots.txt forbids this address")

    async def _rules(self, origin: str) -> Rules:
        async with self._turns[origin]:
            fetched, rules = self._known.get(origin, (0.0, None))
            if rules is None or time.monotonic() - fetched > MAX_AGE_SECONDS:
                rules = self._kept(origin, await self._read(origin))
                self._known[origin] = time.monotonic(), rules
            return rules

    async def _read(self, origin: str) -> Rules:
        """Raises only what has nothing to do with the robots.txt."""
        try:
            response = await self._answer(f"{origin}/robots.txt")
        except (CrawlStopped, HostHeld):
            raise
        except Exception as error:
            if isinstance(error, AddressRefused) and is_refused(origin):
                raise AddressRefused(str(error)) from None
            return Rules(self._agent, refusal=f"can't be had ({_in_words(error)})")
        if response is None:
            return Rules(self._agent)
        return read_rules(response.status, response.body, self._agent, self._app_means_none)

    async def _answer(self, url: str) -> Response | None:
        """The answer behind all redirects, other hosts' included; None where they don't end."""
        meta = {
            "dont_obey_robotstxt": True,
            "dont_redirect": True,
            "download_maxsize": DOWNLOAD_MAX_BYTES,
        }
        for _ in range(MAX_REDIRECTS + 1):
            request = Request(url, meta=dict(meta), priority=1_000)
            response = await self._crawler.engine.download_async(request)
            location = response.headers.get("Location")
            if not 300 <= response.status < 400 or location is None:
                return response
            url = urljoin(url, location.decode("latin-1").strip())
        return None

    def _kept(self, origin: str, rules: Rules) -> Rules:
        """The rules; their Crawl-delay becomes the host's interval where that is shorter."""
        budget: Any = self._crawler.get_downloader_middleware(BudgetMiddleware)
        if rules.delay > self._longest_delay:
            asks = f"asks for {rules.delay:g} seconds between requests, which is more than a crawl"
            return Rules(self._agent, refusal=f"{asks} waits ({self._longest_delay:g})")
        if budget.slow_down(origin, rules.delay):
            self._crawler.spider.report.slowed_down(origin, rules.delay)
        return rules


def origin_of(url: str) -> str:
    """Scheme, host and port: what one robots.txt is about."""
    parsed = urlsplit(url)
    place = parsed.netloc.rpartition("@")[2].lower()
    return f"{parsed.scheme}://{place.removesuffix({'http': ':80'}.get(parsed.scheme, ':443'))}"


def _in_words(error: Exception) -> str:
    for kinds, words in _IN_WORDS:
        if isinstance(error, kinds):
            return words
    if isinstance(error, IgnoreRequest | ValueError) and str(error):
        return str(error)
    if why := tls_words(error):
        return f"{NOT_SECURE}: {why}"
    return "the connection failed"
