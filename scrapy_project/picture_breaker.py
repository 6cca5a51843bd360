"""A host that refuses one picture after the other is left alone."""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

from scrapy_project.report import CrawlStopped

LIMIT = 8  # refusals in a row after which a host wants no more of us
_REFUSING = (401, 403, 429)


class PictureBreaker:
    def __init__(self) -> None:
        self._in_a_row: Counter[str] = Counter()

    def note(self, url: str, status: int) -> None:
        """The host's answer to one picture."""
        host = urlsplit(url).hostname or ""
        self._in_a_row[host] = self._in_a_row[host] + 1 if status in _REFUSING else 0

    def check(self, url: str) -> None:
        """Raises `CrawlStopped` where the host of `url` has refused too often."""
        host = urlsplit(url).hostname or ""
        if self._in_a_row[host] >= LIMIT:
            raise CrawlStopped(
                "blocked",
                f"{host} refused {LIMIT} pictures in a row (401, 403 or 429); nothing more was "
                "asked of it. Wait, or lower requests_per_minute, and run again",
            )
