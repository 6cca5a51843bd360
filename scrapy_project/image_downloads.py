"""Images: looked up in the ledger, fetched once, in the order of their worth."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Protocol

from scrapy.http import Request, Response

from scrapy_project.failures import FetchFailed
from scrapy_project.image_answers import ImageAnswers, is_gone
from scrapy_project.image_lookup import ImageLookup
from scrapy_project.image_queue import ImageQueue
from scrapy_project.image_requests import image_request
from scrapy_project.image_rows import ImageRows
from scrapy_project.limits.image_health import ImageHealth
from scrapy_project.storage.report import CrawlReport
from scrapy_project.workers import run_workers
from trainer.config.jobs import CrawlJob
from trainer.crawl.time_limit import TimeLimit
from trainer.exclusions.entries import Exclusions
from trainer.staging.paths import DataDir
from trainer.staging.progress import Progress
from trainer.staging.rows import ImageRow, PerformerRecord


class Fetch(Protocol):
    """Raises `FetchFailed` or `CrawlStopped`, as `SourceSpider.answer_to` does."""

    async def __call__(self, request: Request) -> Response: ...


class ImageDownloads:
    """Fetches the images of performers that are worth a request, each URL once,
    `concurrent_requests` at a time."""

    def __init__(
        self, job: CrawlJob, report: CrawlReport, fetch: Fetch, exclusions: Exclusions
    ) -> None:
        self._source = job.source
        self._report = report
        self._fetch = fetch
        self._rows = ImageRows(job, report)
        self._lookup = ImageLookup(job, exclusions, self._rows)
        directory = DataDir(job.data_dir).run(job.run_id).staging(job.source.key)
        self._progress = Progress(directory, "pictures", emit=report.say)
        self._health = ImageHealth()
        self._answers = ImageAnswers(job, exclusions)
        self._queue = ImageQueue(job)
        self._limit = TimeLimit(job)

    async def run(
        self, current: Iterable[PerformerRecord], earlier: Iterable[PerformerRecord]
    ) -> None:
        """`current`: performers of this crawl, whose known images get a row. `earlier`: those of
        the last snapshot, only images that were never fetched. Raises `CrawlStopped`."""
        self._rows.count_settled()
        for performers, known_rows in ((current, True), (earlier, False)):
            for found in self._lookup.look_up(performers, known_rows):
                self._queue.add(*found)
        async with self._flushing():
            await self._fetch_all()
        left = self._queue.waiting
        self._report.counts["pictures_left"] = left
        if left:
            self._report.counts["next_hour_performers"] = self._queue.performers_of_next_hour()
        self._report.counts["pictures_not_needed"] = self._queue.open - left
        self._health.check(self._report)

    @asynccontextmanager
    async def _flushing(self) -> AsyncIterator[None]:
        """Rows are written while the requests go on, and all of them at their end."""
        ticker = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            ticker.cancel()
            with suppress(asyncio.CancelledError):
                await ticker
            self._rows.flush()
            self._lookup.close()
            self._progress.finish()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._rows.flush_if_old()

    async def _fetch_all(self) -> None:
        """In the planner's order, a batch after the other: each goes by what came of the last.
        Until nothing is worth a request, or the build's time is over."""
        while urls := await self._next_batch():
            self._progress.total = self._progress.done + self._queue.waiting
            self._report.requests.expect(self._queue.hosts)
            if self._is_over():
                return
            work = partial(self._worker, iter(urls))
            await run_workers(work, self._source.concurrent_requests)

    async def _next_batch(self) -> list[str]:
        """Where nothing more seems worth a request, what the embedder finds meanwhile decides."""
        while not (urls := await asyncio.to_thread(self._queue.next_batch)):
            self._rows.flush()
            if not await self._queue.wait_for_findings(self._is_over):
                break
        return urls

    def _is_over(self) -> bool:
        had = self._report.counts["pictures_fetched"] + self._report.counts["pictures_known_before"]
        return self._limit.is_over() and had >= self._limit.least_images

    async def _worker(self, urls: Iterator[str]) -> None:
        for url in urls:
            if self._is_over():
                return
            row = await self._settle(url)
            while is_gone(row) and (fallback := self._lookup.unasked_fallback(row["url"])):
                row = await self._settle(fallback)
            self._queue.note(url, row)
            self._progress.advance()

    async def _settle(self, url: str) -> ImageRow:
        row = await self._row_of(url)
        self._rows.append(row)
        self._health.saw(row)
        return row

    async def _row_of(self, url: str) -> ImageRow:
        try:
            response = await self._fetch(image_request(url, self._lookup.referer(url)))
        except FetchFailed as error:
            status = "refused" if error.kind in ("bad_url", "too_large") else "failed"
            return self._answers.answer_row(url, status, f"{error.kind}: {error}")
        # A slow disk must not hold up the answers of others until their time is over.
        return await asyncio.to_thread(self._answers.judge, url, response)
