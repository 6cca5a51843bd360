"""Spider of kind html_profile: one page of a reference site per performer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, ClassVar

from scrapy_project.fetchers.choice import PageFetcher
from scrapy_project.image_downloads import ImageDownloads
from scrapy_project.kinds.page_checks import PageChecks
from scrapy_project.limits.budget import host_name
from scrapy_project.outcomes import OUTCOMES, Outcome
from scrapy_project.parsing.careers import on_day
from scrapy_project.parsing.facts_page import FactsPage
from scrapy_project.parsing.profile import Profile
from scrapy_project.spider import SourceSpider
from scrapy_project.storage.exclusions import without_excluded_targets
from scrapy_project.storage.profile_parts import PreviousSnapshot, ProfileParts
from scrapy_project.storage.report import CrawlStopped
from scrapy_project.visit import ParseMore, Visitor
from scrapy_project.workers import run_workers
from trainer.crawl.time_limit import TimeLimit
from trainer.snapshots.store import PERFORMERS_FILE, last_snapshot
from trainer.staging.clock import parse_iso
from trainer.staging.parquet import read_table
from trainer.staging.paths import DataDir
from trainer.staging.progress import Progress
from trainer.staging.rows import PerformerRecord, Target

MAX_FORBIDDEN = 8  # pages in a row that robots.txt forbids: it means all of them
# Outcomes that a later attempt asks for again: always, and where a check of theirs did not hold,
# since they would fail each attempt.
AGAIN = frozenset({"failed", "unreadable", "forbidden"})
AGAIN_BY_CHECK = {
    "min_performers": ("missing", "missing_by_name"),
    "share_of_pages": ("missing",),
    "share_with_image": ("read", "not_modified"),
}


class ProfileSpider(SourceSpider):
    """Visits the job's targets; a site's spider is a name and its pure parse functions.

    `parse_page` and `parse_more` are static: nothing but bytes and URL goes in. A class's
    `parse_page` takes the day as well (`today`), whatever the site's function does without it.
    `facts_page` is for sites that have a person's facts on another page than her pictures.
    """

    kind = "html_profile"
    parse_page: ClassVar[Callable[..., Profile]]
    parse_more: ClassVar[ParseMore | None] = None
    facts_page: ClassVar[FactsPage | None] = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "parse_page" in vars(cls):
            cls.parse_page = staticmethod(on_day(cls.parse_page))

    async def crawl(self, key: str | None) -> None:
        """Visit every target, then fetch the images of what was read. Raises `CrawlStopped`."""
        targets = self._begin()
        left = self._left(targets)
        host = host_name(str(self.job.source.base_url))
        self.report.requests.expect({host: len(targets) - self._progress.done})
        try:
            await self._visit_all(left)
        finally:
            self._parts.flush()
            self._progress.finish()
            self._count_outcomes()
        if self._outcomes["forbidden"] and not self._outcomes["read"]:
            raise self._forbidden()
        self.report.full_sweep = not self._pages_left
        walls = self._check(len(targets) - self._pages_left)
        if self._broken():
            return
        if self.job.params.enable_faces:
            await ImageDownloads(self.job, self.report, self.answer_to, self.exclusions).run(
                self._with_images(), ()
            )
        if walls is not None:
            raise walls

    def _begin(self) -> list[Target]:
        """The targets that nobody excluded, and what the crawl starts from."""
        every_target = self._targets()
        self._scenes = {target["page_id"]: target["scene_count"] for target in every_target}
        base_url = str(self.job.source.base_url).rstrip("/")
        targets = without_excluded_targets(every_target, self.name, base_url, self.exclusions)
        self._excluded = len(every_target) - len(targets)
        base = last_snapshot(DataDir(self.job.data_dir), self.name)
        self._earlier = PreviousSnapshot(base / PERFORMERS_FILE if base else None)
        self._parts = ProfileParts(self.directory)
        self._outcomes: Counter[str] = Counter()
        self._in_a_row = self._walled = self._pages_left = 0
        self._limit = TimeLimit(self.job)
        self._progress = Progress(self.directory, "pages", len(targets), emit=self.report.say)
        pages = PageFetcher(self.job.source, self.answer_to, self.report.say)
        self._visitor = Visitor(
            self.job.source,
            pages.fetch,
            self.job.started_at,
            partial(self.parse_page, today=parse_iso(self.job.started_at).date()),
            self.parse_more,
            self.facts_page,
        )
        return targets

    def _targets(self) -> list[Target]:
        if self.job.targets is None or not self.job.targets.exists():
            raise CrawlStopped(
                "skipped",
                "no targets: no source that lists performers was ever crawled; build with one of "
                "them first",
            )
        found: list[Target] = read_table(self.job.targets).to_pylist()
        return found

    def _left(self, targets: list[Target]) -> Iterator[Target]:
        """Targets that no earlier attempt of this run has settled for good."""
        had: dict[str, str] = {}
        for outcomes, errors in self._parts.before():
            had.update(outcomes)
            for error in errors:
                self.report.errors.add(error)
        again = AGAIN
        if had and len(had) >= len(targets):
            again |= self._kinds_that_did_not_hold(had, len(targets))
        settled = {page_id: kind for page_id, kind in had.items() if kind not in again}
        self._outcomes = Counter(settled.values())
        self._progress.advance(len(settled))
        return iter([target for target in targets if target["page_id"] not in settled])

    def _kinds_that_did_not_hold(self, had: dict[str, str], targets: int) -> set[str]:
        """Of an attempt that went to the end: its outcomes as far as they broke a check."""
        self._outcomes = Counter(kind for kind in had.values() if kind not in AGAIN)
        self._check(targets)
        broken = [check.name for check in self.report.checks if check.fatal and not check.ok]
        self.report.checks.clear()
        return {kind for name in broken for kind in AGAIN_BY_CHECK.get(name, ())}

    async def _visit_all(self, targets: Iterator[Target]) -> None:
        async def worker() -> None:
            for target in targets:
                earlier = self._earlier.get(target["page_id"])
                carried = None
                if not self.job.params.full_refresh:
                    carried = self._visitor.carried(target, earlier)
                if carried is None and self._limit.is_over():
                    self._pages_left += 1
                    continue
                self._settle(target, carried or await self._visitor.visit(target, earlier))

        await run_workers(worker, self.job.source.concurrent_requests)

    def _settle(self, target: Target, outcome: Outcome) -> None:
        if outcome.row is not None and self.exclusions.record(outcome.row):
            self._excluded += 1
            self._progress.advance()
            return
        for error in outcome.errors:
            self.report.errors.add(error)
        self._outcomes[outcome.kind] += 1
        self._walled += outcome.is_walled
        self._parts.add(target["page_id"], outcome.kind, outcome.row, outcome.errors)
        self._progress.advance()
        self._in_a_row = self._in_a_row + 1 if outcome.kind == "forbidden" else 0
        if self._in_a_row >= MAX_FORBIDDEN:
            raise self._forbidden()

    def _forbidden(self) -> CrawlStopped:
        return CrawlStopped(
            "blocked",
            f"the robots.txt of {self.job.source.base_url} forbids performers' pages; "
            "switch the source off",
        )

    def _count_outcomes(self) -> None:
        counts, seen = self.report.counts, self._outcomes
        for kind in OUTCOMES:
            counts[f"pages_{kind}"] = seen[kind]
        counts["pages_walled"] = self._walled
        counts["pages_left"] = self._pages_left
        counts["excluded"] = self._excluded
        counts["pages_fetched"] = sum(seen.values()) - seen["known"] - seen["forbidden"]

    def _check(self, targets: int) -> CrawlStopped | None:
        """All checks, into the report; the end of a crawl that walls kept from too many pages."""
        checks = PageChecks(self.job.source, self.report, self._outcomes, self._walled)
        return checks.check(targets, self._parts.stream())

    def _broken(self) -> bool:
        return any(check.fatal and not check.ok for check in self.report.checks)

    def _with_images(self) -> Iterator[PerformerRecord]:
        """What was read, with the scene counts of the performers whose pages they are."""
        for row in self._parts.stream("page_url"):
            yield {**row, "scene_count": self._scenes.get(row["source_id"])}
