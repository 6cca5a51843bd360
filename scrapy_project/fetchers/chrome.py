"""Pages in a Chrome that its operator runs, over the DevTools protocol (CDP)."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import logging
import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from playwright.async_api import Browser as Connection
from playwright.async_api import BrowserContext, Error, Playwright, async_playwright
from playwright.async_api import Page as Tab
from playwright.async_api import TimeoutError as PlaywrightTimeout
from scrapy.http import Request

from scrapy_project.fetchers.errors import FetcherError, FetcherTimeout
from scrapy_project.fetchers.page import FetchedPage
from scrapy_project.fetchers.services import Service
from scrapy_project.fetchers.tab import Visit
from trainer.reasons import kind_of

logger = logging.getLogger(__name__)
CONNECT_SECONDS: Final = 30.0
MARGIN_SECONDS: Final = 5.0  # for a browser that no longer answers
_NET_ERROR: Final = re.compile(r"net::(ERR_\w+)")


class Chrome:
    """One context per crawl (its cookies are nobody else's), one tab per page."""

    def __init__(self, service: Service, user_agent: str, max_bytes: int) -> None:
        self._service = service
        self._user_agent = user_agent
        self._max_bytes = max_bytes
        self._connecting = asyncio.Lock()
        self._playwright: Playwright | None = None
        self._browser: Connection | None = None
        self._context: BrowserContext | None = None

    async def fetch(self, request: Request, seconds: float) -> FetchedPage:
        """Return the page as a tab of its own sees it.

        Raises `FetcherTimeout` after `seconds`, `FetcherError` where the browser fails or the page
        is too large.
        """
        try:
            context = await self._open()
            async with asyncio.timeout(seconds + MARGIN_SECONDS):
                return await self._visit(context, request, seconds)
        except (PlaywrightTimeout, TimeoutError):
            raise FetcherTimeout(f"{self._service}: no page within {seconds:.0f} s") from None
        except Error as error:
            raise FetcherError(f"{self._service}: {_told(error)}") from None

    async def close(self) -> None:
        """Ends our context and the connection; the browser stays as it was."""
        try:
            if self._context is not None:
                async with asyncio.timeout(MARGIN_SECONDS):
                    await self._context.close()
        except (TimeoutError, Error) as error:
            kind = kind_of(error)
            logger.warning("%s: our context was not closed (%s)", self._service, kind)
        finally:
            if self._playwright is not None:
                await self._playwright.stop()
            self._playwright = self._browser = self._context = None

    async def _visit(
        self, context: BrowserContext, request: Request, seconds: float
    ) -> FetchedPage:
        tab = await context.new_page()
        try:
            visit = Visit(tab, request, seconds)
            seen = await visit.run()
        finally:
            await self._give_back(tab)
        if len(seen.html.encode("utf-8", "replace")) > self._max_bytes:
            raise FetcherError(f"{self._service}: the page is above {self._max_bytes} bytes")
        return FetchedPage(
            url=seen.url,
            status=seen.status,
            html=seen.html,
            headers=seen.headers,
            cookies=[{**cookie} for cookie in await context.cookies()],
            user_agent=self._user_agent,
        )

    async def _give_back(self, tab: Tab) -> None:
        """A tab that a script keeps busy may not close: the crawl goes on without it."""
        try:
            async with asyncio.timeout(MARGIN_SECONDS):
                await tab.close()
        except (TimeoutError, Error) as error:
            logger.warning("%s: a tab was not closed (%s)", self._service, kind_of(error))

    async def _open(self) -> BrowserContext:
        async with self._connecting:
            if self._context is None or self._browser is None or not self._browser.is_connected():
                self._playwright = self._playwright or await async_playwright().start()
                self._browser = await self._connect(self._playwright)
                self._context = await self._browser.new_context(
                    user_agent=self._user_agent, service_workers="block", accept_downloads=False
                )
        return self._context

    async def _connect(self, playwright: Playwright) -> Connection:
        headers = {}
        if self._service.login is not None:
            login = ":".join(self._service.login).encode()
            headers["Authorization"] = f"Basic {base64.b64encode(login).decode('ascii')}"
        try:
            return await playwright.chromium.connect_over_cdp(
                await _by_address(self._service.url),
                headers=headers,
                timeout=CONNECT_SECONDS * 1000,
            )
        except Error:  # its message has the whole address
            raise FetcherError(
                f"{self._service} can't be reached: see that it runs with --remote-debugging-port"
            ) from None


async def _by_address(url: str) -> str:
    """Chrome answers DevTools requests only under an address or `localhost`, so the name of a
    neighbouring container (one without a dot) is resolved here."""
    parsed = urlsplit(url)
    host = parsed.hostname or ""
    if parsed.scheme not in ("http", "ws") or host == "localhost" or "." in host or ":" in host:
        return url
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None)
    except OSError:
        return url  # the connection says so
    address = str(found[0][4][0])
    shown = f"[{address}]" if ipaddress.ip_address(address).version == 6 else address
    return urlunsplit(parsed._replace(netloc=f"{shown}:{parsed.port}" if parsed.port else shown))


def _told(error: Error) -> str:
    """Chrome's own error code: the message may quote addresses."""
    found = _NET_ERROR.search(error.message)
    if found is None and "Download is starting" in error.message:
        return "the answer is a download, not a page"
    return found.group(1) if found else f"the browser failed ({kind_of(error)})"
