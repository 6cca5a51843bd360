"""Scrapy's download handler: sends each request through the fetcher that it names."""

from __future__ import annotations

from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from scrapy_project.fetchers.carried import Carried
from scrapy_project.fetchers.decompress import decompressed
from scrapy_project.fetchers.errors import FetcherError, LedElsewhere
from scrapy_project.fetchers.page import Browser, FetchedPage
from scrapy_project.fetchers.services import NAMES, Service, missing, service
from scrapy_project.fetchers.sites import check_public, same_site
from scrapy_project.storage.report import CrawlStopped

PAGES_THAT_MAY_FAIL = 3  # in a row, with all their retries


class Browsers:
    """The browsers of one crawl, opened when first asked for, and what they were given."""

    _of: ClassVar[WeakKeyDictionary[Crawler, Browsers]] = WeakKeyDictionary()

    def __init__(self, crawler: Crawler) -> None:
        self._settings = crawler.settings
        self._source: str = crawler.spider.name
        self._open: dict[str, Browser] = {}
        self._failed = 0
        self.carried = Carried()

    @classmethod
    def of(cls, crawler: Crawler) -> Browsers:
        """One for both schemes' handlers."""
        if crawler not in cls._of:
            cls._of[crawler] = cls(crawler)
        return cls._of[crawler]

    async def fetch(self, request: Request, fetcher: str) -> Response:
        """Raises `AddressRefused`, `LedElsewhere`, `FetcherError`, or `CrawlStopped` (failed)
        where the fetcher fails again and again."""
        await check_public(request.url)
        page = await self._page(request, fetcher)
        if not all(same_site(request.url, url) for url in (page.url, page.onward)):
            raise LedElsewhere(f"{request.url} leads to another site, by {NAMES[fetcher]}")
        self.carried.keep(page.url, page.cookies, page.user_agent)
        return page.response(request, fetcher)

    async def _page(self, request: Request, fetcher: str) -> FetchedPage:
        seconds = request.meta.get("download_timeout", self._settings.getfloat("DOWNLOAD_TIMEOUT"))
        try:
            page = await self._browser(fetcher).fetch(request, seconds)
        except FetcherError as error:
            self._failed += 1
            if self._failed >= PAGES_THAT_MAY_FAIL * (1 + self._settings.getint("RETRY_TIMES")):
                raise CrawlStopped(
                    "failed",
                    f"{self._failed} failures in a row, the last: {error}; run again later",
                ) from None
            raise
        self._failed = 0
        return page

    def _browser(self, fetcher: str) -> Browser:
        if fetcher not in self._open:
            found = service(fetcher)
            if found is None:
                raise CrawlStopped("skipped", missing(fetcher))
            self._open[fetcher] = self._make(fetcher, found)
        return self._open[fetcher]

    def _make(self, fetcher: str, found: Service) -> Browser:
        """Imported when needed: plain crawls load neither."""
        size = self._settings.getint("DOWNLOAD_MAXSIZE")
        if fetcher == "chrome":
            from scrapy_project.fetchers.chrome import Chrome

            return Chrome(found, self._settings["USER_AGENT"], size)
        from scrapy_project.fetchers.flaresolverr import FlareSolverr

        return FlareSolverr(found, self._source, size)

    async def close(self) -> None:
        """Close every browser that was opened, so that each gives back what it was lent."""
        while self._open:
            _, browser = self._open.popitem()
            await browser.close()


class FetchHandler(BaseDownloadHandler):  # type: ignore[misc]
    """`request.meta["fetcher"]`: `plain` (or nothing), `flaresolverr` or `chrome`."""

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._plain: Any = HTTP11DownloadHandler(crawler)
        # A request that a kept-alive connection lost is asked again by the backoff middleware,
        # which pays for it; the pool itself would ask past the budget.
        self._plain._pool.retryAutomatically = False
        self._browsers = Browsers.of(crawler)
        self._max_size = crawler.settings.getint("DOWNLOAD_MAXSIZE")

    async def download_request(self, request: Request) -> Response:
        """Fetch by the fetcher that the request names; a plain answer comes decompressed."""
        fetcher = request.meta.get("fetcher", "plain")
        if fetcher == "plain":
            dressed = self._browsers.carried.put_on(request)
            response: Response = await self._plain.download_request(dressed)
            return decompressed(response, request.meta.get("download_maxsize", self._max_size))
        return await self._browsers.fetch(request, fetcher)

    async def close(self) -> None:
        """Close the browsers and the plain connections."""
        await self._browsers.close()
        await self._plain.close()
