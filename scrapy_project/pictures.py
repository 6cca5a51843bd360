"""Pictures: looked up in the ledger, fetched once, judged by their first bytes, kept by sha256."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, Protocol
from urllib.parse import urlsplit

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Request, Response

from scrapy_project.image_parts import ImageParts, image_type, settled_rows
from scrapy_project.middlewares.addresses import AddressRefused
from scrapy_project.report import CrawlReport, CrawlStopped
from trainer.config.jobs import CrawlJob
from trainer.staging.atomic import write_bytes
from trainer.staging.clock import iso, now
from trainer.staging.paths import DataDir
from trainer.staging.progress import Progress
from trainer.state.ledger import ImageLedger

BREAKER = 8  # refusals (401, 403, 429) in a row after which a host wants no more of us
_REFUSING = (401, 403, 429)
_GONE = (404, 410)
# A disk error is an OSError too, so it is not among the network's: it must end the crawl.
_NETWORK = (
    CannotResolveHostError,
    ConnectionError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
Row = dict[str, Any]


class Fetch(Protocol):
    async def __call__(self, request: Request) -> Response: ...


class Pictures:
    """Fetches the pictures of performers, each URL once, `concurrent_requests` at a time."""

    def __init__(self, job: CrawlJob, report: CrawlReport, fetch: Fetch) -> None:
        self._job = job
        self._source = job.source
        self._report = report
        self._fetch = fetch
        self._data = DataDir(job.data_dir)
        directory = self._data.run(job.run_id).staging(job.source.key)
        self._ledger = ImageLedger(self._data, job.run_id)
        self._done = settled_rows(directory)
        self._parts = ImageParts(directory, job.source.part_rows)
        self._progress = Progress(directory, "pictures", report.say)
        self._refused_in_a_row: Counter[str] = Counter()

    async def run(self, current: Iterable[Row], earlier: Iterable[Row]) -> None:
        """`current`: performers of this crawl, every picture gets a row. `earlier`: performers of
        the last snapshot, only pictures that were never fetched. Raises `CrawlStopped`."""
        for row in self._done.values():
            self._count(row)  # the report is of the whole run, not of its last attempt
        urls = self._wanted(current, known_rows=True)
        urls.update(self._wanted(earlier, known_rows=False, already=urls))
        self._progress.total = len(urls)
        work = iter(urls)
        ticker = asyncio.create_task(self._tick())
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(self._source.concurrent_requests):
                    group.create_task(self._worker(work))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            ticker.cancel()
            with suppress(asyncio.CancelledError):
                await ticker
            self._parts.flush()
            self._ledger.close()
            self._progress.finish()

    def _wanted(
        self, performers: Iterable[Row], known_rows: bool, already: Iterable[str] = ()
    ) -> dict[str, None]:
        """URLs to fetch, in order; known ones get their row here and now."""
        seen = set(already)
        wanted: dict[str, None] = {}
        for performer in performers:
            if performer["deleted"]:
                continue
            for picture in (performer["images"] or [])[: self._source.images_per_page]:
                url = picture["url"]
                if url in seen or url in self._done:
                    continue
                seen.add(url)
                known = self._ledger.known(url)
                if known is None:
                    wanted[url] = None
                elif known_rows:
                    self._repeat(known)
        return wanted

    def _repeat(self, known: Row) -> None:
        """A row for a picture that is not fetched again; it keeps who fetched it, and when."""
        status = "refused" if known["status"] == "refused" else "known"
        row = {**known, "source": self._source.key, "status": status}
        self._count(row)
        self._parts.append(row)

    def _count(self, row: Row) -> None:
        """Into the report: what this run did itself, and what it found done by earlier ones."""
        status = row["status"]
        if status == "known" or row["run_id"] != self._job.run_id:
            self._report.counts[f"pictures_{status}_before"] += 1
            return
        self._report.counts[f"pictures_{status}"] += 1
        if status != "fetched":
            kind = f"picture_{row['reason'].partition(':')[0]}"
            self._report.error(kind, row["url"], row["reason"], field="images.url")

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._parts.flush_if_old()

    async def _worker(self, urls: Iterator[str]) -> None:
        for url in urls:
            row = await self._one(url)
            self._count(row)
            self._parts.append(row)
            self._progress.advance()
            self._break_if_unwelcome(url)

    async def _one(self, url: str) -> Row:
        try:
            return self._judge(url, await self._fetch(_request(url)))
        except ValueError as error:
            return self._row(url, "refused", f"bad_url: {error}")
        except AddressRefused as error:
            return self._row(url, "failed", f"address_refused: {error}")
        except DownloadCancelledError:
            return self._row(url, "refused", "too_large: above the limit of bytes")
        except IgnoreRequest as error:
            return self._row(url, "failed", f"ignored: {error}")
        except _NETWORK as error:
            return self._row(url, "failed", f"network: {type(error).__name__}: {error}"[:300])

    def _judge(self, url: str, response: Response) -> Row:
        host = urlsplit(url).hostname or ""
        unwelcome = response.status in _REFUSING
        self._refused_in_a_row[host] = self._refused_in_a_row[host] + 1 if unwelcome else 0
        if response.status != 200:
            status = "refused" if response.status in _GONE else "failed"
            return self._row(url, status, f"http_{response.status}: the server's answer")
        content = response.body
        if not content:
            return self._row(url, "refused", "empty: no bytes")
        if image_type(content) is None:
            return self._row(url, "refused", "not_an_image: neither JPEG, PNG nor WebP")
        sha256 = hashlib.sha256(content).hexdigest()
        target = self._data.image(sha256)
        if not target.exists():
            write_bytes(target, content)
        return self._row(url, "fetched", None, sha256=sha256, response=response)

    def _row(
        self,
        url: str,
        status: str,
        reason: str | None,
        sha256: str | None = None,
        response: Response | None = None,
    ) -> Row:
        content = response.body if response is not None else b""
        return {
            "url": url,
            "source": self._source.key,
            "status": status,
            "sha256": sha256,
            "bytes": len(content) if sha256 else None,
            "content_type": image_type(content),
            "reason": reason,
            "etag": _header(response, "ETag"),
            "last_modified": _header(response, "Last-Modified"),
            "fetched_at": iso(now()),
            "run_id": self._job.run_id,
        }

    def _break_if_unwelcome(self, url: str) -> None:
        host = urlsplit(url).hostname or ""
        if self._refused_in_a_row[host] >= BREAKER:
            raise CrawlStopped(
                "blocked",
                f"{host} refused {BREAKER} pictures in a row (401, 403 or 429); nothing more was "
                "asked of it. Wait, or lower requests_per_minute, and run again",
            )


def _request(url: str) -> Request:
    """Raises `ValueError` for anything but an absolute http(s) URL."""
    parsed = urlsplit(url)
    if parsed.scheme not in ("http", "https") or not parsed.hostname:
        raise ValueError("not an absolute http(s) URL")
    return Request(url, headers={"Accept": "image/webp,image/png,image/jpeg"})


def _header(response: Response | None, name: str) -> str | None:
    value = response.headers.get(name) if response is not None else None
    return value.decode("latin-1") if value else None
