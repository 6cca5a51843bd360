"""Spider of kind stash-box: full sweep by name, or what was updated since the watermark."""

from __future__ import annotations

from datetime import timedelta

from scrapy.http import Request

from scrapy_project.kinds.json_api import JsonApiSpider
from scrapy_project.kinds.responses import ListPage
from scrapy_project.kinds.stash_box_api import list_body, parse_list
from scrapy_project.storage.crawl_index import expected_live
from trainer.snapshots.fold import moment_of
from trainer.staging.clock import parse_iso


class StashBoxSpider(JsonApiSpider):
    """Pages of `queryPerformers`."""

    kind = "stash_box"

    async def read_performers(self) -> None:
        """Read what has changed since the watermark, or everything (`mode` of the job)."""
        if self.job.mode == "incremental":
            await self._incremental()
        else:
            await self.sweeps()

    async def _incremental(self) -> None:
        """Newest first, down to the watermark less the overlap; a sweep where counts disagree."""
        overlap = timedelta(hours=self.job.source.watermark_overlap_hours)
        floor = parse_iso(self.job.watermark) - overlap if self.job.watermark else None
        number, listed = 0, 0
        while True:
            number += 1
            page = await self.page(f"u{number:06d}", number, "UPDATED_AT", "DESC")
            listed += page.listed
            oldest = min((moment_of(row) for row in page.rows), default=None)
            if page.listed == 0 or listed >= page.count:
                break
            if floor is not None and oldest is not None and oldest < floor:
                break
        expected = expected_live(self.earlier, self.index, self.job.known_live)
        if expected != self.count:
            self.report.say(
                f"{self.count} performers advertised, {expected} expected: full sweep to find "
                "what was deleted"
            )
            await self.sweeps()

    def request(self, number: int, sort: str, direction: str) -> Request:
        """For page `number` in that order, with the key in a header."""
        headers = {"ApiKey": self.key, "Content-Type": "application/json"}
        headers["Accept"] = "application/json"
        body = list_body(number, self.page_size, sort, direction)
        return Request(self.url, method="POST", body=body, headers=headers)

    def read(self, body: bytes, where: str) -> ListPage:
        """The page in an answer. Raises `AnswerError`."""
        today = parse_iso(self.job.started_at).date()
        return parse_list(body, where, self.job.source, today)
