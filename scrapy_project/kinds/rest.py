"""Spider of kind rest: a paged list of performers. It tells of no change, so it is read whole."""

from __future__ import annotations

from scrapy.http import Request

from scrapy_project.kinds.json_api import JsonApiSpider
from scrapy_project.kinds.responses import ListPage
from scrapy_project.kinds.rest_api import list_url, parse_list
from trainer.staging.clock import parse_iso

# Where search engines stop counting unless told otherwise.
ROUND_CAPS = (1_000, 10_000)


class RestSpider(JsonApiSpider):
    """Pages of `GET /performers`, in the order that the API gives them."""

    kind = "rest"
    sweep_orders = (("", ""),)  # it has no other, as far as is known

    async def read_performers(self) -> None:
        """Sweep the whole list, and warn where its total looks like a search engine's cap."""
        await self.sweeps()
        self.report.check(
            "total_is_no_cap",
            self.count not in ROUND_CAPS,
            f"none of {ROUND_CAPS}, where search engines stop counting",
            self.count,
            fatal=False,
        )

    def request(self, number: int, sort: str, direction: str) -> Request:
        """For page `number`; the order can't be chosen."""
        headers = {"Authorization": f"Bearer {self.key}", "Accept": "application/json"}
        return Request(list_url(self.url, number, self.page_size), headers=headers)

    def read(self, body: bytes, where: str) -> ListPage:
        """The page in an answer. Raises `AnswerError`."""
        today = parse_iso(self.job.started_at).date()
        return parse_list(body, where, self.job.source, today)
