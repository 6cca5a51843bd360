"""Sources that list their performers in pages: sweeps, completeness, pictures, the verdict.

A kind is a way to ask for a page (`ask`) and the order in which pages are read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from scrapy_project.excluded import without_excluded
from scrapy_project.kinds.answers import Page
from scrapy_project.pictures import Pictures
from scrapy_project.records import PerformerParts
from scrapy_project.seen import Seen, expected_live, live_and_with_image
from scrapy_project.spider import SourceSpider
from trainer.staging.clock import parse_iso
from trainer.staging.fold import moment_of
from trainer.staging.paths import DataDir
from trainer.staging.progress import Progress
from trainer.staging.snapshot import stream_performers

SWEEPS = 3  # pages move while they are read: what one sweep missed, another finds
MAX_REFUSED_SHARE = 0.05  # more unreadable records than this: the source has changed its shape

Row = dict[str, Any]


class PagedSpider(SourceSpider):
    """Pages of performers into parts, then the pictures. No performer's row stays in memory."""

    sweep_order: tuple[str, str] = ("NAME", "ASC")

    async def ask(self, number: int, sort: str, direction: str) -> Page:
        """Page `number` (from 1) from the source. Raises `CrawlStopped` when it can't be had."""
        raise NotImplementedError

    async def crawl(self, key: str | None) -> None:
        self.key = key or ""
        self.url = str(self.job.source.base_url)
        self._parts = PerformerParts(self.directory, self.job.source.page_size)
        self._progress = Progress(self.directory, "performers", self.report.say)
        self.seen = Seen()
        self.earlier = self._earlier()
        self._part_names: list[str] = []
        self._refused: set[str] = set()
        self._excluded: set[str] = set()
        self.count = 0
        await self.read_performers()
        self._progress.finish()
        self._checks()
        if self.job.params.enable_faces and not self._broken():
            await Pictures(self.job, self.report, self.answer_to, self.exclusions).run(
                self._rows_seen(), self._rows_before()
            )

    async def read_performers(self) -> None:
        """All pages that this crawl needs, into parts; a full sweep unless a kind knows better."""
        await self.sweeps()

    def _earlier(self) -> Seen:
        """What the last good snapshot says, tombstones included."""
        earlier = Seen()
        for row in self._snapshot_rows():
            earlier.add(row)
        return earlier

    def _snapshot_rows(self) -> Iterator[Row]:
        for row in stream_performers(DataDir(self.job.data_dir), self.name):
            if not self.exclusions.claim(self.name, row["source_id"]):
                yield row

    # Records

    async def sweeps(self) -> None:
        """Page through everything until as many ids were seen as are advertised."""
        for sweep in range(1, SWEEPS + 1):
            await self._sweep("" if sweep == 1 else f"-{sweep}")
            if self._listed() == self.count:
                break
        self.report.full_sweep = True
        seen, count, check = self._listed(), self.count, self.report.check
        check("distinct_ids_equal_count", seen >= count, count, seen, fatal=True)
        check("nobody_left_meanwhile", seen <= count, count, seen, fatal=False)

    async def _sweep(self, suffix: str) -> None:
        """Pages after the first are asked for side by side: a slow answer costs no rate."""
        first = await self._sweep_page(1, suffix)
        # Counted by what was listed: a server may grant smaller pages than we ask for.
        pages = -(-first.count // first.listed) if first.listed else 1
        numbers = iter(range(2, pages + 1))
        listed = first.listed

        async def worker() -> None:
            nonlocal listed
            for number in numbers:
                page = await self._sweep_page(number, suffix)  # others count meanwhile
                listed += page.listed

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self.job.source.concurrent_requests):
                    group.create_task(worker())
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        while first.listed and listed < self.count:
            pages += 1
            page = await self._sweep_page(pages, suffix)
            listed += page.listed
            if not page.listed:
                return

    async def _sweep_page(self, number: int, suffix: str) -> Page:
        return await self.page(f"p{number:06d}{suffix}", number, *self.sweep_order)

    async def page(self, part: str, number: int, sort: str, direction: str) -> Page:
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
        self.count = page.count
        self._refused.update(page.refused_ids)
        self._excluded.update(page.excluded)
        for row in page.rows:
            self.seen.add(row, len(self._part_names))
        self._part_names.append(part)
        self._advance_watermark(page)
        self._progress.total = max(self.count, self._progress.total)
        self._progress.advance(max(len(self.seen) - self._progress.done, 0))
        return page

    def _advance_watermark(self, page: Page) -> None:
        newest = max(page.rows, key=moment_of, default=None)
        if newest is not None and newest["updated_at"]:
            mark = self.report.watermark
            if mark is None or moment_of(newest) > parse_iso(mark):
                self.report.watermark = newest["updated_at"]

    def _rows_seen(self) -> Iterator[Row]:
        """The performers of this crawl, each as it was listed last."""
        for part, name in enumerate(self._part_names):
            for row in self._parts.stream(name):
                if self.seen.is_newest(row["source_id"], part):
                    yield row

    def _rows_before(self) -> Iterator[Row]:
        """The performers that only the last snapshot knows; none after a full sweep."""
        if not self.report.full_sweep:
            for row in self._snapshot_rows():
                if row["source_id"] not in self.seen and row["source_id"] not in self.seen.merged:
                    yield row

    # Verdict

    def _listed(self) -> int:
        """Distinct ids that were listed as live, those of unreadable and excluded ones included."""
        unread = sum(not self.seen.is_live(number) for number in self._refused)
        return sum(1 for _ in self.seen.live()) + unread + len(self._excluded)

    def _excluded_live(self) -> int:
        """How many live performers of the source are on the exclusion list; after an incremental
        crawl, as many as its count says that are not ours."""
        if not self.exclusions or self.report.full_sweep:
            return len(self._excluded)
        return max(self.count - expected_live(self.earlier, self.seen, None), 0)

    def _checks(self) -> None:
        wanted, report = self.job.source.assertions, self.report
        books = [self.seen] if report.full_sweep else [self.seen, self.earlier]
        live, with_image = live_and_with_image(books)
        report.counts["performers"] = len(self.seen)
        report.counts["performers_live"] = live
        report.counts["performers_deleted"] = self.seen.deleted_count()
        report.counts["performers_refused"] = len(self._refused)
        report.counts["excluded"] = len(self._excluded)
        report.counts["excluded_live"] = self._excluded_live()
        least, most = wanted.min_performers, wanted.max_performers
        report.check("min_performers", live >= least, f">= {least}", live, fatal=True)
        if most is not None:
            report.check("max_performers", live <= most, f"<= {most}", live, fatal=False)
        self._check_share(
            "share_with_image", with_image / max(live, 1), wanted.min_share_with_image
        )
        refused = len(self._refused) / max(len(self.seen) + len(self._refused), 1)
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
