"""One page in one tab: a single request goes out, whatever the page would like to load."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.async_api import CDPSession, Error
from playwright.async_api import Page as Tab
from scrapy.http import Request

from scrapy_project.fetchers.errors import FetcherError

# Of the request's own headers, those that a browser does not set by itself.
_SENT: Final = ("If-None-Match", "If-Modified-Since", "Referer")
# What asks the network past the interception, removed before the page's own scripts run.
_WITHOUT: Final = """for (const name of ["WebSocket", "WebTransport", "Worker", "SharedWorker",
    "RTCPeerConnection", "webkitRTCPeerConnection"]) delete window[name];"""
# The browser's own wish, at a moment of its choosing. Interception alone is not enough: a request
# that is held when the tab closes is let go by Chrome.
_ICON: Final = ["*/favicon.ico"]
_EVERYTHING: Final = ["*"]
_CONTENT: Final = "document.documentElement ? document.documentElement.outerHTML : ''"
_BOTH_STAGES: Final = [
    {"urlPattern": "*", "requestStage": "Request"},
    {"urlPattern": "*", "requestStage": "Response"},
]


@dataclass(frozen=True)
class SeenRequests:
    """What the site answered. Redirects and 304 have no `html`."""

    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    html: str = ""


class Visit:
    """Lets the document through and nothing else, so that budget and robots.txt hold.

    Scripts within the document run. A redirect is not followed: the crawl follows it.
    """

    def __init__(self, tab: Tab, request: Request, seconds: float) -> None:
        self._tab = tab
        self._url = str(request.url)
        self._sent = {
            name: request.headers[name].decode("latin-1")
            for name in _SENT
            if name in request.headers
        }
        self._seconds = seconds
        self._asked = False
        self._answer: SeenRequests | None = None
        self._left = asyncio.Event()  # the page wants to go to another one, or to come again
        self._onward: str | None = None
        self._frame = ""
        self._doing: set[asyncio.Task[None]] = set()

    async def run(self) -> SeenRequests:
        """Raises `FetcherError` or playwright's own errors where no answer came."""
        await self._tab.add_init_script(_WITHOUT)
        cdp = await self._tab.context.new_cdp_session(self._tab)
        tree = await cdp.send("Page.getFrameTree")
        self._frame = tree["frameTree"]["frame"]["id"]
        await cdp.send("Network.enable")
        await cdp.send("Network.setCacheDisabled", {"cacheDisabled": True})
        await cdp.send("Network.setBlockedURLs", {"urls": _ICON})
        cdp.on("Fetch.requestPaused", lambda event: self._do(self._paused(cdp, event)))
        await cdp.send("Fetch.enable", {"patterns": _BOTH_STAGES})
        return await self._visited(cdp)

    async def _visited(self, cdp: CDPSession) -> SeenRequests:
        try:
            await self._tab.goto(self._url, wait_until="commit", timeout=self._seconds * 1000)
        except Error:
            # Without a document to show Chrome calls it an error; the status says more.
            if self._answer is None or self._answer.status < 300:
                raise
            return self._answer
        if self._answer is None:
            raise FetcherError(f"no answer to {self._url} was seen in the browser")
        await self._loaded()
        await cdp.send("Network.setBlockedURLs", {"urls": _EVERYTHING})
        if self._onward is not None:
            # A redirect by script. Where it goes the crawl goes, by its own rules.
            return SeenRequests(self._answer.url, 302, {"location": self._onward})
        html: str = await self._tab.evaluate(_CONTENT)
        return SeenRequests(self._answer.url, self._answer.status, self._answer.headers, html)

    async def _loaded(self) -> None:
        """Until all scripts of the document have run, or one of them wants to leave it."""
        loaded = asyncio.ensure_future(
            self._tab.wait_for_load_state("load", timeout=self._seconds * 1000)
        )
        left = asyncio.ensure_future(self._left.wait())
        try:
            await asyncio.wait({loaded, left}, return_when=asyncio.FIRST_COMPLETED)
            if not self._left.is_set():
                loaded.result()
        finally:
            for waiting in (loaded, left):
                waiting.cancel()
            await asyncio.gather(loaded, left, return_exceptions=True)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._doing.add(task)
        task.add_done_callback(self._doing.discard)

    async def _paused(self, cdp: CDPSession, event: Mapping[str, Any]) -> None:
        try:
            if "responseStatusCode" in event:
                await self._answered(cdp, event)
            elif "responseErrorReason" in event:
                await cdp.send("Fetch.continueRequest", {"requestId": event["requestId"]})
            else:
                await self._asks(cdp, event)
        except Error:
            pass  # the tab is gone, and the request with it

    async def _asks(self, cdp: CDPSession, event: Mapping[str, Any]) -> None:
        main = event["resourceType"] == "Document" and event["frameId"] == self._frame
        if self._asked or not main:
            await self._stop(cdp, event)
            if main and not self._left.is_set():
                asked = event["request"]
                self._onward = asked["url"] if asked["method"] == "GET" else None
                self._left.set()
            return
        self._asked = True
        given: Mapping[str, str] = event["request"]["headers"]
        headers = [{"name": n, "value": v} for n, v in {**given, **self._sent}.items()]
        await cdp.send(
            "Fetch.continueRequest", {"requestId": event["requestId"], "headers": headers}
        )

    async def _answered(self, cdp: CDPSession, event: Mapping[str, Any]) -> None:
        given: list[dict[str, str]] = event.get("responseHeaders") or []
        headers = {header["name"].lower(): header["value"] for header in given}
        status: int = event["responseStatusCode"]
        self._answer = SeenRequests(event["request"]["url"], status, headers)
        if 300 <= status < 400:
            await self._stop(cdp, event)
            return
        await cdp.send("Fetch.continueRequest", {"requestId": event["requestId"]})

    async def _stop(self, cdp: CDPSession, event: Mapping[str, Any]) -> None:
        """Aborted, not blocked: the page that is there stays."""
        await cdp.send(
            "Fetch.failRequest", {"requestId": event["requestId"], "errorReason": "Aborted"}
        )
