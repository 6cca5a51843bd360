"""The pictures of a crawl that are still to be asked for, in the planner's order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import polars as pl

from scrapy_project.earlier_images import known_earlier
from scrapy_project.image_columns import ImageColumns
from scrapy_project.image_findings import ImageFindings
from scrapy_project.limits.budget import host_name
from trainer.config.jobs import CrawlJob
from trainer.fetch_plan.columns import FETCHED, NONE, OPEN, Rules, SourceRule
from trainer.fetch_plan.planner import plan_requests
from trainer.staging.rows import AdvertisedImage, ImageRow, PerformerRecord

BATCH_MINUTES = 10  # of requests: then the planner is asked again, who lacks pictures by now


class ImageQueue:
    """Every picture of the crawl goes in with `add`, what became of it with `note`; `next_batch`
    gives what is worth asking for next, until nothing is."""

    def __init__(self, job: CrawlJob) -> None:
        source, most = job.source, job.params.max_faces_per_source
        self._earlier = known_earlier(job)
        sources = {name: SourceRule(most) for name in self._earlier["source"].unique()}
        sources[source.key] = SourceRule(min(source.max_faces or most, most), source.trust)
        # The crawl's own rate limit paces the requests: the planner gives them their order.
        self._rules = Rules(sources, job.params.max_faces_total, {})
        self._per_minute = source.requests_per_minute
        self._columns = ImageColumns(source.key)
        self._findings = ImageFindings(job)
        self._looked_at = False  # has the embedder looked at all that was fetched?
        self.hosts: Counter[str] = Counter()  # host -> pictures of `waiting`, as planned last
        self.waiting = 0  # pictures that are worth a request and were not asked for yet

    def add(
        self,
        performer: PerformerRecord,
        position: int,
        image: AdvertisedImage,
        url: str,
        known: ImageRow | None,
    ) -> None:
        """A picture of `performer`, whose `url` is to be asked for unless it is `known`."""
        outcome, sha256 = (_outcome(known), known["sha256"]) if known else (OPEN, None)
        self._columns.add(performer, position, image, url, outcome, sha256)

    def note(self, url: str, row: ImageRow) -> None:
        """What became of the request for `url`, or for its fallback."""
        self.waiting -= 1
        self._looked_at = False
        self._columns.note(url, _outcome(row), row["sha256"])

    def next_batch(self) -> list[str]:
        """The URLs to ask for next, the most worth first; none where no more is worth a request."""
        faces = self._findings.new()
        if faces is not None:
            self._columns.found(faces)
        plan = self._plan()
        self.waiting = len(plan)
        self.hosts = _hosts(plan["url"])
        urls: list[str] = plan["url"].head(self._per_minute * BATCH_MINUTES).to_list()
        return urls

    async def wait_for_findings(self, is_over: Callable[[], bool]) -> bool:
        """Where an embedder works beside the crawl: wait until it has looked at what was fetched;
        False where there is nothing to wait for. It says nothing of an image that is excluded, or
        whose bytes are gone: one look is enough."""
        if self._looked_at or not self._columns.count(FETCHED):
            return False
        self._looked_at = await self._findings.wait(is_over)
        return self._looked_at

    def performers_of_next_hour(self) -> int:
        """How many performers an hour of requests more would bring pictures of."""
        return self._plan()["performer"].head(self._per_minute * 60).n_unique()

    def _plan(self) -> pl.DataFrame:
        return plan_requests(self._columns.images(self._earlier), self._rules, None)

    @property
    def open(self) -> int:
        """How many pictures were not asked for."""
        return self._columns.count(OPEN)


def _hosts(urls: pl.Series) -> Counter[str]:
    """How many of `urls` each host is asked for."""
    found: Counter[str] = Counter()
    sites = urls.str.extract(r"^(\w+://[^/?#]+)").alias("site").drop_nulls().value_counts()
    for site, count in sites.iter_rows():
        found[host_name(site)] += count
    return found


def _outcome(row: ImageRow) -> str:
    """Until the embedder has looked at it, a picture that is here may have a face."""
    return FETCHED if row["sha256"] else NONE
