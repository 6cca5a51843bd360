"""Images: looked up in the ledger, fetched once, in the order of their worth."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple, Protocol

from scrapy.http import Request, Response

from scrapy_project.failures import FetchFailed
from scrapy_project.image_answers import ImageAnswers, is_gone
from scrapy_project.image_queue import ImageQueue
from scrapy_project.image_requests import image_request
from scrapy_project.limits.image_health import ImageHealth, kind_of
from scrapy_project.storage.image_parts import (
    ImageParts,
    settled_rows,
)
from scrapy_project.storage.report import CrawlReport
from trainer.config.jobs import CrawlJob
from trainer.crawl.time_limit import TimeLimit
from trainer.exclusions.entries import Exclusions
from trainer.snapshots.image_ledger import EXCLUDED, ImageLedger
from trainer.staging.clock import parse_iso
from trainer.staging.paths import DataDir
from trainer.staging.progress import Progress
from trainer.staging.rows import AdvertisedImage, ImageRow, PerformerRecord


class Fetch(Protocol):
    """Raises `FetchFailed` or `CrawlStopped`, as `SourceSpider.answer_to` does."""

    async def __call__(self, request: Request) -> Response: ...


class _Found(NamedTuple):
    """`url`: what to ask for of a picture, or what stands for it. `known`: its row, where nothing
    is to be asked for."""

    url: str
    known: ImageRow | None = None


class ImageDownloads:
    """Fetches the pictures of performers that are worth a request, each URL once,
    `concurrent_requests` at a time."""

    def __init__(
        self, job: CrawlJob, report: CrawlReport, fetch: Fetch, exclusions: Exclusions
    ) -> None:
        self._job = job
        self._exclusions = exclusions
        self._source = job.source
        self._report = report
        self._fetch = fetch
        self._data = DataDir(job.data_dir)
        directory = self._data.run(job.run_id).staging(job.source.key)
        self._ledger = ImageLedger(
            self._data, job.run_id, parse_iso(job.started_at), job.params.full_refresh
        )
        self._done = settled_rows(directory)
        self._parts = ImageParts(directory, job.source.part_rows)
        self._progress = Progress(directory, "pictures", emit=report.say)
        self._health = ImageHealth()
        self._answers = ImageAnswers(job, exclusions)
        self._fallbacks: dict[str, str] = {}  # URL -> the one to ask where it is gone
        self._referers: dict[str, str] = {}
        self._queue = ImageQueue(job)
        self._limit = TimeLimit(job)

    async def run(
        self, current: Iterable[PerformerRecord], earlier: Iterable[PerformerRecord]
    ) -> None:
        """`current`: performers of this crawl, whose known pictures get a row. `earlier`: those of
        the last snapshot, only pictures that were never fetched. Raises `CrawlStopped`."""
        for row in self._done.values():
            self._count(row)  # the report is of the whole run, not of its last attempt
        seen: set[str] = set()
        self._look_up(current, seen, known_rows=True)
        self._look_up(earlier, seen, known_rows=False)
        ticker = asyncio.create_task(self._tick())
        try:
            await self._fetch_all()
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            ticker.cancel()
            with suppress(asyncio.CancelledError):
                await ticker
            self._parts.flush()
            self._ledger.close()
            self._progress.finish()
        left = self._queue.waiting
        self._report.counts["pictures_left"] = left
        if left:
            self._report.counts["next_hour_performers"] = self._queue.performers_of_next_hour()
        self._report.counts["pictures_not_needed"] = self._queue.open - left
        self._health.check(self._report)

    async def _fetch_all(self) -> None:
        """In the planner's order, a batch after the other: each goes by what came of the last.
        Until nothing is worth a request, or the build's time is over."""
        while urls := await self._next_batch():
            self._progress.total = self._progress.done + self._queue.waiting
            self._report.requests.expect(self._queue.hosts)
            if self._is_over():
                return
            work = iter(urls)
            async with asyncio.TaskGroup() as group:
                for _ in range(self._source.concurrent_requests):
                    group.create_task(self._worker(work))

    async def _next_batch(self) -> list[str]:
        """Where nothing more seems worth a request, what the embedder finds meanwhile decides."""
        while not (urls := await asyncio.to_thread(self._queue.next_batch)):
            self._parts.flush()
            if not await self._queue.wait_for_findings(self._is_over):
                break
        return urls

    def _is_over(self) -> bool:
        had = self._report.counts["pictures_fetched"] + self._report.counts["pictures_known_before"]
        return self._limit.is_over() and had >= self._limit.least_images

    def _look_up(
        self, performers: Iterable[PerformerRecord], seen: set[str], known_rows: bool
    ) -> None:
        """Queue the pictures; known ones get their row here and now."""
        for performer in performers:
            if performer["deleted"]:
                continue
            for position, image in enumerate(self._best_versions(performer)):
                found = self._version(image["url"], seen, known_rows)
                if found is not None:
                    self._queue.add(performer, position, image, found.url, found.known)

    def _best_versions(self, performer: PerformerRecord) -> list[AdvertisedImage]:
        """The performer's pictures up to the source's cap; fallbacks are noted."""
        best = []
        for image in performer["images"] or []:
            if better := image.get("fallback_for"):
                self._fallbacks[better] = image["url"]
            else:
                best.append(image)
            if self._source.image_referer:
                self._referers[image["url"]] = performer["page_url"]
        return best[: self._source.images_per_page]

    def _version(self, url: str, seen: set[str], known_rows: bool) -> _Found | None:
        """The version of a picture that stands for it; known ones get their row here and now.

        None for one that is excluded, or that another performer has as well.
        """
        while not (self._is_excluded(url, seen) or self._is_asked_for(url, seen)):
            settled = self._done.get(url)
            seen.add(url)
            known = settled or self._ledger.known(url)
            if known is None or self._of_another_list(known):
                return _Found(url)
            if settled is None and known_rows:
                self._repeat(known)
            fallback = self._fallbacks.get(url) if is_gone(known) else None
            if fallback is None:
                return _Found(url, known)
            url = fallback
        return None

    def _is_asked_for(self, url: str, seen: set[str]) -> bool:
        """Met before in this crawl, and its answer is still to come."""
        return url in seen and url not in self._done

    def _is_excluded(self, url: str, seen: set[str]) -> bool:
        """By its URL, or known to be an excluded picture: it gets no row, and is counted once."""
        if not self._exclusions:
            return False
        known = self._done.get(url) or self._ledger.known(url)
        found = self._exclusions.url(url) or (
            known is not None and self._exclusions.image(known["sha256"])
        )
        if found and url not in seen:
            self._report.counts["pictures_excluded"] += 1
            seen.add(url)
        return found

    def _of_another_list(self, known: ImageRow) -> bool:
        """Refused by an exclusion list that has changed since?"""
        reason = known["reason"] or ""
        return reason.startswith(EXCLUDED) and reason != self._exclusions.refusal

    def _repeat(self, known: ImageRow) -> None:
        """A row for a picture that is not fetched again; it keeps who fetched it, and when."""
        status = "refused" if known["status"] == "refused" else "known"
        row: ImageRow = {**known, "source": self._source.key, "status": status}
        self._count(row)
        self._parts.append(row)

    def _count(self, row: ImageRow) -> None:
        """Into the report: what this run did itself, and what it found done by earlier ones."""
        status = row["status"]
        if status == "known" or row["run_id"] != self._job.run_id:
            self._report.counts[f"pictures_{status}_before"] += 1
            return
        if (row["reason"] or "").startswith(EXCLUDED):
            self._report.counts["pictures_excluded"] += 1
            return
        self._report.counts[f"pictures_{status}"] += 1
        if status != "fetched":
            kind = f"picture_{kind_of(row)}"
            self._report.error(kind, row["url"], row["reason"] or "", field="images.url")

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._parts.flush_if_old()

    async def _worker(self, urls: Iterator[str]) -> None:
        for url in urls:
            if self._is_over():
                return
            row = await self._settle(url)
            while is_gone(row) and (fallback := self._fallbacks.get(row["url"])):
                if fallback in self._done or self._ledger.known(fallback):
                    break
                row = await self._settle(fallback)
            self._queue.note(url, row)
            self._progress.advance()

    async def _settle(self, url: str) -> ImageRow:
        row = await self._one(url)
        self._count(row)
        self._parts.append(row)
        self._health.saw(row)
        return row

    async def _one(self, url: str) -> ImageRow:
        try:
            response = await self._fetch(image_request(url, self._referers.get(url)))
        except FetchFailed as error:
            status = "refused" if error.kind in ("bad_url", "too_large") else "failed"
            return self._answers.answer_row(url, status, f"{error.kind}: {error}")
        # A slow disk must not hold up the answers of others until their time is over.
        return await asyncio.to_thread(self._answers.judge, url, response)
