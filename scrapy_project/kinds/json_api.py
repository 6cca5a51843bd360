"""Paged sources that answer JSON to whoever has a key: asking, asking again, giving up."""

from __future__ import annotations

import asyncio
import logging

from scrapy.http import Request, Response

from scrapy_project.failures import FetchFailed
from scrapy_project.kinds.paged import PagedSpider
from scrapy_project.kinds.responses import AnswerError, ListPage
from scrapy_project.limits.breaker import challenge
from scrapy_project.limits.middlewares.backoff import backoff_seconds
from scrapy_project.storage.report import CrawlStopped
from trainer.reasons import reason

BAD_ANSWER_RETRIES = 2
# Kinds of `FetchFailed` that are somebody's decision: time does not mend them.
_BLOCKED = frozenset({"robots", "robots_unreachable", "held", "address_refused"})
logger = logging.getLogger(__name__)


class JsonApiSpider(PagedSpider):
    """A kind says how a page is asked for (`request`) and how its answer is read (`read`)."""

    def request(self, number: int, sort: str, direction: str) -> Request:
        """For page `number` (from 1), with the key in a header, never in the address."""
        raise NotImplementedError

    def read(self, body: bytes, where: str) -> ListPage:
        """`where`: the page's address for error messages. Raises `AnswerError`."""
        raise NotImplementedError

    async def ask(self, number: int, sort: str, direction: str) -> ListPage:
        """Page `number` (from 1); requested again while unreadable. Raises `CrawlStopped`."""
        where = f"{self.url}#page={number}"
        for tried in range(BAD_ANSWER_RETRIES + 1):
            try:
                body = await self._answer(self.request(number, sort, direction), where)
                return self._read_any(body, where)
            except AnswerError as error:
                self.report.error(error.kind, where, str(error), error.field)
                if error.kind == "unauthorized":
                    raise self._key_refused(str(error)) from None
                last = error
            settings = self.settings
            base, cap = (settings.getfloat(f"BACKOFF_{n}_SECONDS") for n in ("BASE", "MAX"))
            if tried < BAD_ANSWER_RETRIES:
                await asyncio.sleep(backoff_seconds(tried, base, cap, 1.0))
        order = f" ({sort})" if sort else ""
        raise CrawlStopped(
            "failed", f"page {number}{order} of {self.url}: {last.kind}: {last}; run again later"
        )

    def _read_any(self, body: bytes, where: str) -> ListPage:
        """As `read`, which was made for all that a server can say; what it was not made for is no
        answer either, and the log says where it failed."""
        try:
            return self.read(body, where)
        except AnswerError:
            raise
        except Exception as error:
            logger.exception("%s: the answer could not be read", where)
            raise AnswerError("garbage", f"the answer could not be read: {reason(error)}") from None

    async def _answer(self, request: Request, where: str) -> bytes:
        # The key must not follow a redirect to another place.
        request.meta["dont_redirect"] = True
        try:
            response = await self.answer_to(request)
        except FetchFailed as error:
            self.report.error(error.kind, where, str(error))
            if error.kind in _BLOCKED:
                raise CrawlStopped(
                    "blocked", f"{self.url}: {reason(error)}; wait, or switch the source off"
                ) from None
            raise CrawlStopped(
                "failed",
                f"{self.url}: {reason(error)}; is the address right? Check it, or run again later",
            ) from None
        self._refuse(response, where)
        return bytes(response.body)

    def _refuse(self, response: Response, where: str) -> None:
        """Raises `CrawlStopped` for everything but an answer to the question."""
        mark = challenge(response)
        if mark is not None:
            self.report.error("challenge", where, f"a check for robots, by its {mark}")
            raise CrawlStopped(
                "blocked",
                f"{self.url} answers with a check for robots ({mark}), not with data; "
                "wait, or lower requests_per_minute",
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
