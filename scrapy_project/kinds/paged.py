"""Sources that list their performers in pages: sweeps, completeness, images, checks.

A kind is a way to ask for a page (`ask`) and the order in which pages are read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

from scrapy_project.image_downloads import ImageDownloads
from scrapy_project.kinds.listing import Listing
from scrapy_project.kinds.responses import ListPage
from scrapy_project.spider import SourceSpider
from scrapy_project.storage.crawl_index import CrawlIndex, expected_live, live_and_with_image
from scrapy_project.storage.exclusions import without_excluded
from scrapy_project.storage.records import PerformerParts
from scrapy_project.workers import run_workers
from trainer.snapshots.fold import moment_of
from trainer.snapshots.store import stream_performers
from trainer.staging.clock import parse_iso
from trainer.staging.paths import DataDir
from trainer.staging.progress import Progress
from trainer.staging.rows import PerformerRecord

SWEEPS = 3  # of one attempt: pages move while they are read, what one missed, another finds
SEAM_STEP = 3  # records by which the pages of later sweeps are smaller, so that others lie at seams
MAX_REFUSED_SHARE = 0.05  # more unreadable records than this: the source has changed its shape


class PagedSpider(SourceSpider):
    """Pages of performers into parts, then the pictures. No performer's row stays in memory."""

    # Sort and direction of one sweep after the other. Neither settles ties, so that records of one
    # value can change places between two pages; those of one name have different dates.
    sweep_orders: ClassVar[tuple[tuple[str, str], ...]] = (("NAME", "ASC"), ("CREATED_AT", "DESC"))
    page_size: int  # records per page of the sweep under way

    async def ask(self, number: int, sort: str, direction: str) -> ListPage:
        """Page `number` (from 1) from the source. Raises `CrawlStopped` when it can't be had."""
        raise NotImplementedError

    async def crawl(self, key: str | None) -> None:
        """Read all pages into parts, check them, then fetch the images. Raises `CrawlStopped`."""
        self.key = key or ""
        self.url = str(self.job.source.base_url)
        self._parts = PerformerParts(self.directory, self.job.source.page_size)
        self._progress = Progress(self.directory, "performers", emit=self.report.say)
        self.page_size = self.job.source.page_size
        self.listing = Listing()
        self.index = self.listing.index
        self.earlier = self._earlier()
        self._swept = False
        await self.read_performers()
        self._progress.finish()
        self._checks()
        if self.job.params.enable_faces and not self._broken():
            await ImageDownloads(self.job, self.report, self.answer_to, self.exclusions).run(
                self._rows_seen(), self._rows_before()
            )

    async def read_performers(self) -> None:
        """All pages that this crawl needs, into parts; a full sweep unless a kind knows better."""
        await self.sweeps()

    def _earlier(self) -> CrawlIndex:
        """What the last good snapshot says, tombstones included."""
        earlier = CrawlIndex()
        for row in self._snapshot_rows():
            earlier.add(row)
        return earlier

    def _snapshot_rows(self) -> Iterator[PerformerRecord]:
        for row in stream_performers(DataDir(self.job.data_dir), self.name):
            if not self.exclusions.claim(self.name, row["source_id"]):
                yield row

    # Records

    async def sweeps(self) -> None:
        """Page through everything, in one order after the other, until everybody was listed.

        Sweeps of earlier attempts of the run are read from their parts; where these did not add
        up, up to `SWEEPS` new ones follow.
        """
        sweep = new_sweeps = 0
        while sweep == 0 or (new_sweeps < SWEEPS and not self.listing.is_whole()):
            sweep += 1
            before = self.report.counts["pages_fetched"]
            await self._sweep(sweep)
            new_sweeps += self.report.counts["pages_fetched"] > before
        self._swept = True
        self.report.full_sweep = self.listing.is_whole()
        self._check_sweeps(sweep)

    def _check_sweeps(self, sweeps: int) -> None:
        """A few who are advertised and listed nowhere are a warning, and nobody is taken for gone:
        those who were not listed may be among them."""
        wanted, check = self.job.source.assertions, self.report.check
        listed, count = self.listing.live(), self.count
        few = may_be_unlisted(count, wanted.max_share_unlisted)
        actual = str(listed)
        if listed < count:
            actual += f" in {sweeps} sweeps (max_share_unlisted lets {few} be missing)"
        fatal = self.listing.missing() > few
        check("distinct_ids_equal_count", listed >= count, count, actual, fatal)
        check("nobody_left_meanwhile", listed <= count, count, listed, fatal=False)
        together = f"{self.listing.live_together()}; nobody is taken for deleted this time"
        expected = f"{count} listed while nobody left"
        check("full_sweep", self.listing.is_whole(), expected, together, fatal=False)

    async def _sweep(self, sweep: int) -> None:
        """Sweep number `sweep` (from 1) of the run. Pages after the first are asked for side by
        side: a slow answer costs no rate."""
        suffix = "" if sweep == 1 else f"-{sweep}"
        cycle, place = divmod(sweep - 1, len(self.sweep_orders))
        order = self.sweep_orders[place]
        self.page_size = _page_size(self.job.source.page_size, cycle)
        first = await self._sweep_page(1, suffix, order)
        # Counted by what was listed: a server may grant smaller pages than we ask for.
        pages = -(-first.count // first.listed) if first.listed else 1
        numbers = iter(range(2, pages + 1))
        listed = first.listed

        async def worker() -> None:
            nonlocal listed
            for number in numbers:
                page = await self._sweep_page(number, suffix, order)  # others count meanwhile
                listed += page.listed

        await run_workers(worker, self.job.source.concurrent_requests)
        while first.listed and listed < self.count:
            pages += 1
            page = await self._sweep_page(pages, suffix, order)
            listed += page.listed
            if not page.listed:
                return

    async def _sweep_page(self, number: int, suffix: str, order: tuple[str, str]) -> ListPage:
        return await self.page(f"p{number:06d}{suffix}", number, *order)

    async def page(self, part: str, number: int, sort: str, direction: str) -> ListPage:
        """From the part of an interrupted run, or from the source."""
        had = self._parts.read(part)
        page = without_excluded(
            had or await self.ask(number, sort, direction), self.name, self.exclusions
        )
        if page is not had:
            self._parts.write(part, page)
        self.report.counts["pages_resumed" if had else "pages_fetched"] += 1
        for error in page.errors:
            self.report.errors.add(error)
        self.listing.add(part, page)
        self._advance_watermark(page)
        self._progress.total = max(self.count, self._progress.total)
        self._progress.advance(max(len(self.index) - self._progress.done, 0))
        return page

    def _advance_watermark(self, page: ListPage) -> None:
        newest = max(page.rows, key=moment_of, default=None)
        if newest is not None and newest["updated_at"]:
            mark = self.report.watermark
            if mark is None or moment_of(newest) > parse_iso(mark):
                self.report.watermark = newest["updated_at"]

    def _rows_seen(self) -> Iterator[PerformerRecord]:
        """The performers of this crawl, each as it was listed last."""
        for part, name in enumerate(self.listing.parts):
            for row in self._parts.stream(name):
                if self.index.is_newest(row["source_id"], part):
                    yield row

    def _rows_before(self) -> Iterator[PerformerRecord]:
        """The performers that only the last snapshot knows; none after a whole sweep."""
        if not self.report.full_sweep:
            for row in self._snapshot_rows():
                if row["source_id"] not in self.index and row["source_id"] not in self.index.merged:
                    yield row

    # Checks

    @property
    def count(self) -> int:
        """How many performers the source advertised last."""
        return self.listing.count

    def _excluded_live(self) -> int:
        """How many live performers of the source are on the exclusion list; after an incremental
        crawl, as many as its count says that are not ours."""
        if not self.exclusions or self._swept:
            return len(self.listing.excluded)
        return max(self.count - expected_live(self.earlier, self.index, None), 0)

    def _checks(self) -> None:
        wanted, report = self.job.source.assertions, self.report
        indexes = [self.index] if report.full_sweep else [self.index, self.earlier]
        live, with_image = live_and_with_image(indexes)
        report.counts["performers"] = len(self.index)
        report.counts["performers_live"] = live
        report.counts["performers_deleted"] = self.index.deleted_count()
        report.counts["performers_refused"] = len(self.listing.refused)
        report.counts["excluded"] = len(self.listing.excluded)
        report.counts["excluded_live"] = self._excluded_live()
        least, most = wanted.min_performers, wanted.max_performers
        report.check("min_performers", live >= least, f">= {least}", live, fatal=True)
        if most is not None:
            report.check("max_performers", live <= most, f"<= {most}", live, fatal=False)
        self._check_share(
            "share_with_image", with_image / max(live, 1), wanted.min_share_with_image
        )
        unread = len(self.listing.refused)
        refused = unread / max(len(self.index) + unread, 1)
        report.check(
            "records_readable",
            refused <= MAX_REFUSED_SHARE,
            f"<= {MAX_REFUSED_SHARE} unreadable",
            f"{refused:.3f}",
            fatal=True,
        )

    def _check_share(self, name: str, share: float, least: float) -> None:
        self.report.check(name, share >= least, f">= {least}", f"{share:.3f}", fatal=True)

    def _broken(self) -> bool:
        return any(check.fatal and not check.ok for check in self.report.checks)


def may_be_unlisted(count: int, share: float) -> int:
    """How many of `count` advertised performers may be listed nowhere."""
    return math.floor(count * share + 1e-9)  # 100,000 x 0.00003 is a little less than 3


def _page_size(size: int, cycle: int) -> int:
    """Records per page when all orders were swept `cycle` times, never less than half of `size`."""
    return max(size // 2, size - SEAM_STEP * (cycle % 4), 1)
