"""Whether a crawl of pages may be trusted: enough were there, readable, and of live people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from scrapy_project.storage.report import CrawlReport, CrawlStopped
from trainer.config.sources import SourceConfig
from trainer.staging.rows import PerformerRecord

MAX_UNREADABLE_SHARE = 0.05  # more pages that no longer fit: the site has moved
MAX_FAILED_SHARE = 0.2  # more pages that could not be had: the crawl is none
MAX_WALLED_SHARE = 0.05  # more pages behind a wall: what was read is no picture of the site
LEAST_PAGES = 20  # fewer say nothing about a share


class PageChecks:
    """`outcomes`: pages by kind of outcome; `walled`: those of them that were behind a wall."""

    def __init__(
        self, source: SourceConfig, report: CrawlReport, outcomes: Counter[str], walled: int
    ) -> None:
        self._assertions = source.assertions
        self._report = report
        self._outcomes = outcomes
        self._walled = walled
        self._found = sum(outcomes[kind] for kind in ("read", "unconfirmed", "not_modified"))

    def check(self, targets: int, rows: Iterable[PerformerRecord]) -> CrawlStopped | None:
        """All checks of so many targets, into the report; returns the end of a crawl that walls
        kept from too many pages."""
        self._check_pages(targets)
        walls = self._walls()
        live, with_image = self._live(rows)
        if walls is None:
            self._check_people(targets, live, with_image)
        return walls

    def _check_pages(self, targets: int) -> None:
        """Could the pages be had, and read?"""
        unreadable, failed = self._outcomes["unreadable"], self._outcomes["failed"] - self._walled
        readable = self._found + unreadable
        self._check_most("pages_readable", unreadable, readable, MAX_UNREADABLE_SHARE)
        self._check_most("pages_had", failed, targets, MAX_FAILED_SHARE)

    def _walls(self) -> CrawlStopped | None:
        """The end of a crawl that walls kept from too many pages: it says little of the site."""
        seen = self._outcomes
        visited = sum(seen.values()) - seen["known"] - seen["forbidden"]
        name, most = "pages_without_wall", MAX_WALLED_SHARE
        if self._check_most(name, self._walled, visited, most, fatal=False):
            return None
        return CrawlStopped(
            "partial",
            f"{self._walled} of {visited} pages lay behind an age check, a login or another wall; "
            "the last snapshot stays, and they are asked again next time. Look at one of them in "
            "a browser",
        )

    def _live(self, rows: Iterable[PerformerRecord]) -> tuple[int, int]:
        """How many people were seen, and how many of them with an image."""
        live = with_image = 0
        for row in rows:
            live += not row["deleted"]
            with_image += bool(row["images"]) and not row["deleted"]
        self._report.counts["performers"] = self._report.counts["performers_live"] = live
        return live, with_image

    def _check_people(self, targets: int, live: int, with_image: int) -> None:
        wanted, seen, check = self._assertions, self._outcomes, self._report.check
        least = min(wanted.min_performers, targets)
        check("min_performers", live >= least, f">= {least}", live, fatal=True)
        if wanted.max_performers is not None:
            most = wanted.max_performers
            check("max_performers", live <= most, f"<= {most}", live, fatal=False)
        self._check_share("share_with_image", with_image, live, wanted.min_share_with_image)
        # A page that nobody links to and that is not there says nothing about the site.
        expected = self._found + seen["unreadable"] + seen["missing"]
        self._check_share("share_of_pages", self._found, expected, wanted.min_share_of_pages)

    def _check_share(self, name: str, part: int, whole: int, least: float) -> None:
        share = part / whole if whole else 1.0
        few = whole < LEAST_PAGES
        self._report.check(name, few or share >= least, f">= {least}", f"{share:.3f}", fatal=True)

    def _check_most(
        self, name: str, part: int, whole: int, most: float, fatal: bool = True
    ) -> bool:
        """Of few pages, all must be bad before the crawl is, with no others from earlier weeks."""
        share = part / whole if whole else 0.0
        all_bad = whole > 0 and part == whole and not self._outcomes["known"]
        bad = share > most if whole >= LEAST_PAGES else all_bad
        self._report.check(name, not bad, f"<= {most} bad", f"{share:.3f}", fatal=fatal)
        return not bad
