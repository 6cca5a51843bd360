"""Spider of kind stash-box: full sweep by name, or what was updated since the watermark."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request

from scrapy_project.kinds.stash_box_api import AnswerError, Page, list_body, parse_list
from scrapy_project.middlewares.backoff import backoff_seconds
from scrapy_project.pictures import Pictures
from scrapy_project.records import PerformerParts
from scrapy_project.report import CrawlStopped
from scrapy_project.spider import SourceSpider
from trainer.staging.clock import parse_iso
from trainer.staging.paths import DataDir
from trainer.staging.progress import Progress
from trainer.staging.snapshot import CRAWL_COLUMNS, last_performers

SWEEPS = 3  # pages move while they are read: what one sweep missed, another finds
BAD_ANSWER_RETRIES = 2
MAX_REFUSED_SHARE = 0.05  # more unreadable records than this: the source has changed its shape

Row = dict[str, Any]


class StashBoxSpider(SourceSpider):
    """Pages of `queryPerformers` into performer parts, then the pictures."""

    kind = "stash_box"

    async def crawl(self, key: str | None) -> None:
        self._key = key or ""
        self._url = str(self.job.source.base_url)
        self._parts = PerformerParts(self.directory, self.job.source.page_size)
        self._progress = Progress(self.directory, "performers", self.report.say)
        self._rows: dict[str, Row] = {}
        self._refused: set[str] = set()
        self._count = 0
        earlier = self._earlier()
        if self.job.mode == "incremental":
            await self._incremental(earlier)
        else:
            await self._sweeps()
        self._progress.finish()
        self._checks(earlier)
        if self.job.params.enable_faces and not self._broken():
            await self._pictures(earlier)

    def _earlier(self) -> dict[str, Row]:
        """The last good snapshot by id."""
        data = DataDir(self.job.data_dir)
        return {row["source_id"]: row for row in last_performers(data, self.name)}

    # Records

    async def _sweeps(self) -> None:
        """Page through everything by name until as many ids were seen as are advertised."""
        for sweep in range(1, SWEEPS + 1):
            await self._sweep("" if sweep == 1 else f"-{sweep}")
            if self._seen() == self._count:
                break
        self.report.full_sweep = True
        self.report.check(
            "distinct_ids_equal_count",
            self._seen() >= self._count,
            self._count,
            self._seen(),
            fatal=True,
        )
        self.report.check(
            "nobody_left_meanwhile",
            self._seen() <= self._count,
            self._count,
            self._seen(),
            fatal=False,
        )

    async def _sweep(self, suffix: str) -> None:
        # Counted by what was listed: a server may grant smaller pages than we ask for.
        number, listed = 0, 0
        while True:
            number += 1
            page = await self._page(f"p{number:06d}{suffix}", number, "NAME", "ASC")
            listed += page.listed
            if page.listed == 0 or listed >= page.count:
                return

    async def _incremental(self, earlier: dict[str, Row]) -> None:
        """Newest first, down to the watermark less the overlap; a sweep where counts disagree."""
        overlap = timedelta(hours=self.job.source.watermark_overlap_hours)
        floor = parse_iso(self.job.watermark) - overlap if self.job.watermark else None
        number, listed = 0, 0
        while True:
            number += 1
            page = await self._page(f"u{number:06d}", number, "UPDATED_AT", "DESC")
            listed += page.listed
            oldest = min((_moment(row) for row in page.rows), default=None)
            if page.listed == 0 or listed >= page.count:
                break
            if floor is not None and oldest is not None and oldest < floor:
                break
        expected = self._expected(earlier)
        if expected != self._count:
            self.report.say(
                f"{self._count} performers advertised, {expected} expected: full sweep to find "
                "what was deleted"
            )
            await self._sweeps()

    def _expected(self, earlier: dict[str, Row]) -> int:
        """How many live performers we would hold after this incremental crawl."""
        before = {number for number, row in earlier.items() if not row["deleted"]}
        live = {number for number, row in self._rows.items() if not row["deleted"]}
        gone = {number for number, row in self._rows.items() if row["deleted"]}
        merged = {number for row in self._rows.values() for number in row["merged_ids"]} - live
        known = self.job.known_live if self.job.known_live is not None else len(before)
        return known + len(live - before) - len((gone | merged) & before)

    async def _page(self, part: str, number: int, sort: str, direction: str) -> Page:
        """From the part of an interrupted run, or from the source."""
        page = self._parts.read(part)
        if page is None:
            page = await self._ask(number, sort, direction)
            self._parts.write(part, page)
            self.report.counts["pages_fetched"] += 1
        else:
            self.report.counts["pages_resumed"] += 1
        for error in page.errors:
            self.report.errors.add(error)
        self._count = page.count
        self._refused.update(page.refused_ids)
        for row in page.rows:
            self._rows[row["source_id"]] = {name: row[name] for name in CRAWL_COLUMNS}
        self._advance_watermark(page)
        self._progress.total = max(self._count, self._progress.total)
        self._progress.advance(max(len(self._rows) - self._progress.done, 0))
        return page

    async def _ask(self, number: int, sort: str, direction: str) -> Page:
        """Ask for a page; raises `CrawlStopped` when it can't be had."""
        body = list_body(number, self.job.source.page_size, sort, direction)
        where = f"{self._url}#page={number}"
        for tried in range(BAD_ANSWER_RETRIES + 1):
            try:
                return parse_list(await self._post(body, where), where, self.job.source)
            except AnswerError as error:
                self.report.error(error.kind, where, str(error), error.field)
                if error.kind == "unauthorized":
                    raise self._key_refused(str(error)) from None
                last = error
            settings = self.settings
            base, cap = (settings.getfloat(f"BACKOFF_{n}_SECONDS") for n in ("BASE", "MAX"))
            if tried < BAD_ANSWER_RETRIES:
                await asyncio.sleep(backoff_seconds(tried, base, cap, 1.0))
        raise CrawlStopped(
            "failed", f"page {number} ({sort}) of {self._url}: {last.kind}: {last}; run again later"
        )

    async def _post(self, body: bytes, where: str) -> bytes:
        headers = {"ApiKey": self._key, "Content-Type": "application/json"}
        headers["Accept"] = "application/json"
        # The key must not follow a redirect to another place.
        meta = {"dont_redirect": True}
        request = Request(self._url, method="POST", body=body, headers=headers, meta=meta)
        try:
            response = await self.fetch(request)
        except CrawlStopped:
            raise
        except IgnoreRequest as error:
            self.report.error("blocked", where, str(error))
            raise CrawlStopped("blocked", f"{self._url}: {error}") from None
        except Exception as error:
            self.report.error("network", where, f"{type(error).__name__}: {error}")
            raise CrawlStopped(
                "failed", f"{self._url}: {type(error).__name__}: {error}; is the address right?"
            ) from None
        if response.status == 200:
            return bytes(response.body)
        self.report.error(f"http_{response.status}", where, f"HTTP {response.status}")
        if response.status in (401, 403):
            raise self._key_refused(f"HTTP {response.status}")
        if response.status == 429:
            raise CrawlStopped(
                "blocked", f"{self._url} says 429 again and again; lower requests_per_minute"
            )
        raise CrawlStopped("failed", f"{self._url} answers HTTP {response.status}; run again later")

    def _key_refused(self, why: str) -> CrawlStopped:
        variable = self.job.source.api_key_env
        return CrawlStopped(
            "blocked", f"{self._url} refused the API key ({why}); check the variable {variable}"
        )

    def _advance_watermark(self, page: Page) -> None:
        newest = max(page.rows, key=_moment, default=None)
        if newest is not None:
            mark = self.report.watermark
            if mark is None or _moment(newest) > parse_iso(mark):
                self.report.watermark = newest["updated_at"]

    # Verdict

    def _seen(self) -> int:
        """Distinct ids that were listed as live, those of unreadable records included."""
        return len({n for n, row in self._rows.items() if not row["deleted"]} | self._refused)

    def _checks(self, earlier: dict[str, Row]) -> None:
        wanted, report = self.job.source.assertions, self.report
        full = report.full_sweep
        held = self._rows if full else {**earlier, **self._rows}
        live = [row for row in held.values() if not row["deleted"]]
        with_image = sum(1 for row in live if row["images"]) / max(len(live), 1)
        listed = max(len(self._rows) + len(self._refused), 1)
        report.counts["performers"] = len(self._rows)
        report.counts["performers_live"] = len(live)
        report.counts["performers_deleted"] = sum(r["deleted"] for r in self._rows.values())
        report.counts["performers_refused"] = len(self._refused)
        least, most, share = (
            wanted.min_performers,
            wanted.max_performers,
            wanted.min_share_with_image,
        )
        report.check("min_performers", len(live) >= least, f">= {least}", len(live), fatal=True)
        if most is not None:
            report.check("max_performers", len(live) <= most, f"<= {most}", len(live), fatal=False)
        report.check(
            "share_with_image",
            with_image >= share,
            f">= {share}",
            f"{with_image:.3f}",
            fatal=True,
        )
        refused = len(self._refused) / listed
        report.check(
            "records_readable",
            refused <= MAX_REFUSED_SHARE,
            f"<= {MAX_REFUSED_SHARE} unreadable",
            f"{refused:.3f}",
            fatal=True,
        )

    def _broken(self) -> bool:
        return any(check.fatal and not check.ok for check in self.report.checks)

    async def _pictures(self, earlier: dict[str, Row]) -> None:
        gone = {number for row in self._rows.values() for number in row["merged_ids"]}
        rest = (
            [row for n, row in earlier.items() if n not in self._rows and n not in gone]
            if not self.report.full_sweep
            else []
        )
        await Pictures(self.job, self.report, self.fetch).run(list(self._rows.values()), rest)


def _moment(row: Row) -> datetime:
    return parse_iso(row["updated_at"])
