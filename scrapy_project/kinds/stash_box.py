"""Spider of kind stash-box: full sweep by name, or what was updated since the watermark."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from scrapy.exceptions import IgnoreRequest
from scrapy.http import Request, Response

from scrapy_project.breaker import challenge
from scrapy_project.kinds.paged import PagedSpider, moment_of
from scrapy_project.kinds.stash_box_api import AnswerError, Page, list_body, parse_list
from scrapy_project.middlewares.backoff import backoff_seconds
from scrapy_project.report import CrawlStopped
from scrapy_project.seen import expected_live
from trainer.staging.clock import parse_iso

BAD_ANSWER_RETRIES = 2


class StashBoxSpider(PagedSpider):
    """Pages of `queryPerformers`."""

    kind = "stash_box"

    async def read_performers(self) -> None:
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
        expected = expected_live(self.earlier, self.seen, self.job.known_live)
        if expected != self.count:
            self.report.say(
                f"{self.count} performers advertised, {expected} expected: full sweep to find "
                "what was deleted"
            )
            await self.sweeps()

    async def ask(self, number: int, sort: str, direction: str) -> Page:
        body = list_body(number, self.job.source.page_size, sort, direction)
        where = f"{self.url}#page={number}"
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
            "failed", f"page {number} ({sort}) of {self.url}: {last.kind}: {last}; run again later"
        )

    async def _post(self, body: bytes, where: str) -> bytes:
        headers = {"ApiKey": self.key, "Content-Type": "application/json"}
        headers["Accept"] = "application/json"
        # The key must not follow a redirect to another place.
        meta = {"dont_redirect": True}
        request = Request(self.url, method="POST", body=body, headers=headers, meta=meta)
        try:
            response = await self.fetch(request)
        except CrawlStopped:
            raise
        except IgnoreRequest as error:
            self.report.error("blocked", where, str(error))
            raise CrawlStopped("blocked", f"{self.url}: {error}") from None
        except Exception as error:
            self.report.error("network", where, f"{type(error).__name__}: {error}")
            raise CrawlStopped(
                "failed", f"{self.url}: {type(error).__name__}: {error}; is the address right?"
            ) from None
        self._refuse(response, where)
        return bytes(response.body)

    def _refuse(self, response: Response, where: str) -> None:
        """Raises `CrawlStopped` for everything but an answer to the question."""
        mark = challenge(response)
        if mark is not None:
            self.report.error("challenge", where, f"a check for robots, by its {mark}")
            raise CrawlStopped(
                "blocked", f"{self.url} answers with a check for robots ({mark}), not with data"
            )
        if response.status == 200:
            return
        self.report.error(f"http_{response.status}", where, f"HTTP {response.status}")
        if response.status in (401, 403):
            raise self._key_refused(f"HTTP {response.status}")
        if response.status == 429:
            raise CrawlStopped(
                "blocked", f"{self.url} says 429 again and again; lower requests_per_minute"
            )
        raise CrawlStopped("failed", f"{self.url} answers HTTP {response.status}; run again later")

    def _key_refused(self, why: str) -> CrawlStopped:
        variable = self.job.source.api_key_env
        return CrawlStopped(
            "blocked", f"{self.url} refused the API key ({why}); check the variable {variable}"
        )
