"""How well pictures come: when to leave a host alone, and whether the crawl is complete."""

from __future__ import annotations

from collections import Counter
from typing import Final
from urllib.parse import urlsplit

from scrapy_project.limits.breaker import Breaker
from scrapy_project.storage.report import CrawlReport, CrawlStopped
from trainer.staging.rows import ImageRow

MAX_FAILED_SHARE: Final = 0.9  # more pictures that could not be had: nearly every one
LEAST_IMAGES: Final = 20  # fewer say nothing about a share: then it has to be all of them
# Answers by which a host shows that it wants no more of us, or of anybody.
_REFUSALS: Final = frozenset(
    {"http_401", "http_403", "http_429", "challenge", "html_instead_of_picture", "empty"}
)
_NO_ANSWER: Final = frozenset(
    {"network", "held", "robots_unreachable", "encoding", "bad_address", "broken_answer"}
)
# Not asked for by our own rules: no fault of the server.
_BY_RULE: Final = frozenset({"robots", "address_refused", "bad_url"})


class ImageHealth:
    """Sees the row of every picture that was asked for."""

    def __init__(self) -> None:
        self._breaker = Breaker("pictures")
        self._seen: Counter[str] = Counter()

    def saw(self, row: ImageRow) -> None:
        """Raises `CrawlStopped` (blocked) where a host refused too many in a row."""
        kind = kind_of(row)
        if kind in _BY_RULE:
            return
        self._seen[row["status"]] += 1
        if kind not in _NO_ANSWER:
            host = urlsplit(row["url"]).hostname or ""
            self._breaker.saw(host, row["reason"] if kind in _REFUSALS else None)

    def check(self, report: CrawlReport) -> None:
        """Raises `CrawlStopped` (partial) where nearly every picture failed."""
        failed, asked = self._seen["failed"], self._seen.total()
        if asked >= LEAST_IMAGES:
            bad = failed > MAX_FAILED_SHARE * asked
        else:
            bad = failed == asked > 0 and not report.counts["pictures_known_before"]
        most = f"<= {MAX_FAILED_SHARE} failed"
        report.check("pictures_had", not bad, most, f"{failed} of {asked}", fatal=False)
        if bad:
            raise CrawlStopped(
                "partial",
                f"{failed} of {asked} pictures could not be had; they are asked again next time. "
                "See the errors, and look at one of them in a browser",
            )


def kind_of(row: ImageRow) -> str:
    """What the row's reason begins with; empty where all went well."""
    return str(row["reason"] or "").partition(":")[0]
