"""What a browser brings back, and how it becomes an answer like any other."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from urllib.parse import urljoin

from scrapy.http import HtmlResponse, Request, Response

# What middlewares and spiders read. Cookies are kept elsewhere; length and encoding no longer fit.
_PASSED: Final = frozenset(
    {"cf-mitigated", "etag", "last-modified", "location", "retry-after", "server"}
)


@dataclass(frozen=True)
class FetchedPage:
    """An answer as a browser saw it; `html` is the document after its scripts have run."""

    url: str
    status: int
    html: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    cookies: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    user_agent: str | None = None

    @property
    def onward(self) -> str:
        """Where a redirect leads; the page's own URL where it is none."""
        found = next((v for n, v in self.headers.items() if n.lower() == "location"), "")
        return urljoin(self.url, found) if 300 <= self.status < 400 else self.url

    def response(self, request: Request, fetcher: str) -> Response:
        """UTF-8 with its mark in front: the page's own `<meta charset>` no longer holds."""
        headers = {
            name: str(value) for name, value in self.headers.items() if name.lower() in _PASSED
        }
        headers["Content-Type"] = "text/html; charset=utf-8"
        body = self.html.encode("utf-8", "replace")
        return HtmlResponse(
            self.url,
            status=self.status,
            headers=headers,
            body=codecs.BOM_UTF8 + body if body else b"",
            flags=[fetcher],
            request=request,
        )


class Browser(Protocol):
    """A fetcher that isn't plain."""

    async def fetch(self, request: Request, seconds: float) -> FetchedPage:
        """The page, without following a redirect to another page; raises `FetcherError`."""
        ...

    async def close(self) -> None:
        """Gives back what the crawl was lent; never closes the operator's service itself."""
        ...
