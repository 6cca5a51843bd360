"""A host that refuses page after page is left alone."""

from __future__ import annotations

from urllib.parse import urlsplit

from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from scrapy_project.limits.breaker import Breaker, refusal


class BreakerMiddleware:
    """Sees every answer before it is tried again, so that each refused attempt counts.

    Pictures (asked for as such by their Accept header) have a breaker of their own in
    `scrapy_project.image_downloads`: one bad picture host must not look like a bad site.
    """

    def __init__(self, limit: int) -> None:
        self._breaker = Breaker("requests", limit)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> BreakerMiddleware:
        """Build it from the settings of a crawl."""
        return cls(crawler.settings.getint("BREAKER_LIMIT"))

    def process_response(self, request: Request, response: Response) -> Response:
        """Count the answer, and let it through.

        Raises `CrawlStopped` (blocked) where the host refused too many in a row.
        """
        if request.meta.get("dont_obey_robotstxt") or _asks_for_image(request):
            return response
        why = refusal(response)
        if why is not None or response.status < 300 or response.status in (304, 404, 410):
            self._breaker.saw(urlsplit(request.url).hostname or "", why)
        return response


def _asks_for_image(request: Request) -> bool:
    return bool((request.headers.get("Accept") or b"").startswith(b"image/"))
