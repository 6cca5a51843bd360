"""How far this machine's clock is from the servers' Date headers."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from scrapy.crawler import Crawler
from scrapy.http import Request, Response

from trainer.staging.clock import now

COUNT = "clock_off_seconds"
NOTED = 3600  # seconds; less is a slow answer, or a page from a cache


class ClockMiddleware:
    """Keeps the smallest difference in the report, where even that is more than an hour."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._nearest: int | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> ClockMiddleware:
        """Build it from a crawl."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """Compare, and let the answer through."""
        off = seconds_off(response.headers.get("Date"), now())
        if off is not None and (self._nearest is None or abs(off) < abs(self._nearest)):
            self._nearest = off
            counts = self._crawler.spider.report.counts
            if abs(off) > NOTED:
                counts[COUNT] = off
            else:
                counts.pop(COUNT, None)
        return response


def seconds_off(header: bytes | None, moment: datetime) -> int | None:
    """Return `moment` less a Date header, in seconds; None where there is none that can be read."""
    try:
        date = parsedate_to_datetime((header or b"").decode("latin-1"))
    except (TypeError, ValueError):
        return None
    return int((moment - (date if date.tzinfo else date.replace(tzinfo=UTC))).total_seconds())
