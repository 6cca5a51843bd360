"""One visit to one performer's page: ask, read, judge. Never raises for what a server says."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Protocol

from scrapy.http import Request, Response

from scrapy_project.failures import FetchFailed, request_for
from scrapy_project.outcomes import Outcome
from scrapy_project.page_reading import PageReader, Parse
from scrapy_project.parsing.facts_page import FactsPage, FactsReader
from scrapy_project.parsing.galleries import FurtherImages, GalleryReader, ParseMore
from scrapy_project.parsing.landing import Landing
from scrapy_project.parsing.profile import PageError, Profile
from scrapy_project.parsing.walls import walled
from scrapy_project.storage.judged_again import JudgedAgain, judged_again
from scrapy_project.storage.profile_rows import from_allowed_hosts, profile_row, tombstone
from scrapy_project.storage.report import CrawlStopped
from trainer.config.sources import SourceConfig
from trainer.crawl.confirm import judge
from trainer.staging.clock import parse_iso
from trainer.staging.manifest import StageError
from trainer.staging.rows import PerformerRecord, Target

__all__ = ["Outcome", "Parse", "ParseMore", "Visitor"]
# Errors of pages that could not be had; of all others the page was there, and is unreadable.
_NOT_HAD = frozenset({"challenge", "wall"})
logger = logging.getLogger(__name__)


class FetchPage(Protocol):
    """Raises `FetchFailed` or `CrawlStopped`, as `SourceSpider.answer_to` does."""

    async def __call__(self, request: Request) -> Response: ...


class Visitor:
    """Visits pages of one source with its parse functions; `moment` is the run's, in ISO form."""

    def __init__(
        self,
        source: SourceConfig,
        fetch: FetchPage,
        moment: str,
        parse_page: Parse,
        parse_more: ParseMore | None,
        facts_page: FactsPage | None = None,
    ) -> None:
        self._source = source
        self._fetch = fetch
        self._moment = moment
        self._galleries = GalleryReader(source, fetch, parse_more)
        self._facts = FactsReader(fetch, parse_page, facts_page)
        self._base = str(source.base_url).rstrip("/")
        self._landing = Landing(source)
        self._pages = PageReader(parse_page, self._landing)

    def carried(self, target: Target, earlier: PerformerRecord | None) -> Outcome | None:
        """The last snapshot's row, where it is young and was looked for in the same way."""
        again = judged_again(target, earlier)
        if again is None or not again.row["fetched_at"]:
            return None
        age = parse_iso(self._moment) - parse_iso(again.row["fetched_at"])
        if age >= timedelta(days=self._source.revisit_days):
            return None
        return Outcome("known", again.row, self._withdrawn(again))

    async def visit(self, target: Target, earlier: PerformerRecord | None) -> Outcome:
        """Read the page of a target; `earlier`: its row in the last snapshot.

        Raises `CrawlStopped` where the host may not be visited any more, and nothing else.
        """
        url = f"{self._base}{target['path']}"
        again = judged_again(target, earlier)
        if self._facts.are_elsewhere:
            again = None  # that this page is unchanged says nothing of the facts on the other one
        try:
            response = await self._fetch(
                request_for(url, _conditions(again.row if again else None))
            )
            if response.status == 304 and again is not None:
                return self._not_modified(target, again, response.url)
            return await self._read(target, response, earlier)
        except PageError as error:
            return self._refused(target, url, error)
        except FetchFailed as error:
            if error.kind == "held" or error.is_no_robots_of(url):
                raise CrawlStopped("blocked", str(error)) from None
            kind = "forbidden" if error.kind == "robots" else "failed"
            return Outcome(kind, None, [self._error(error.kind, url, str(error))])

    def _not_modified(self, target: Target, again: JudgedAgain, url: str) -> Outcome:
        """Of the page that was read before: a login page has a date of its own, too."""
        if url != again.row["page_url"] and not self._landing.is_own(target, url):
            raise walled(f"led to {url}")
        row: PerformerRecord = {**again.row, "fetched_at": self._moment}
        return Outcome("not_modified", row, self._withdrawn(again))

    async def _read(
        self, target: Target, response: Response, earlier: PerformerRecord | None
    ) -> Outcome:
        profile = self._pages.profile(target, response)
        if profile is None:
            kind, text = f"http_{response.status}", f"HTTP {response.status}"
            return Outcome("failed", None, [self._error(kind, response.url, text)])
        return await self._judged(target, response, profile, earlier)

    async def _judged(
        self, target: Target, response: Response, profile: Profile, earlier: PerformerRecord | None
    ) -> Outcome:
        url = response.url
        check = partial(self._refuse_elsewhere, target)
        profile, missing = await self._facts.complete(profile, url, check)
        confirmation = judge(profile.model_dump(), target["found_by"], target["candidates"])
        errors = [self._error(*missing)] if missing else []
        if (
            confirmation.doubt
            and target["found_by"] == "name"
            and missing
            and missing.may_come_later
        ):
            return Outcome(missing.outcome, None, errors)
        errors += self._invalid_fields(profile, url)
        images, foreign = from_allowed_hosts(self._source, url, profile.images)
        more = FurtherImages()
        if not confirmation.doubt:
            more = await self._galleries.read(profile, url, images)
        errors += more.errors
        errors += self._foreign_images(foreign)
        row = profile_row(
            self._source,
            target,
            profile,
            images + more.images,
            confirmation,
            response,
            self._moment,
        )
        if not more.is_complete:
            row = _asked_again(row, earlier)
        if confirmation.doubt:
            errors.append(self._error("unconfirmed", url, confirmation.doubt, "name"))
        return Outcome("unconfirmed" if confirmation.doubt else "read", row, errors)

    def _invalid_fields(self, profile: Profile, url: str) -> list[StageError]:
        """A note of each value of the page that is there and can't be read."""
        return [self._error("field_invalid", url, p.message, p.field) for p in profile.problems]

    def _foreign_images(self, urls: Iterable[str]) -> list[StageError]:
        """A note of each picture that lies on a host which the source does not name."""
        text = "a picture of another site"
        return [self._error("foreign_host", shown, text, "images.url") for shown in urls]

    def _refuse_elsewhere(self, target: Target, url: str) -> None:
        """Raises `PageError` for the address of another performer's page, or of none."""
        if self._landing.led_elsewhere(target, url):
            raise PageError("missing_page", f"led to {url}, which is another performer's page")

    def _refused(self, target: Target, url: str, error: PageError) -> Outcome:
        if error.kind == "missing_page":
            kind = "missing" if target["found_by"] == "url" else "missing_by_name"
            return Outcome(kind, tombstone(self._source, target, url, self._moment))
        kind = "failed" if error.kind in _NOT_HAD else "unreadable"
        return Outcome(kind, None, [self._error(error.kind, url, str(error), error.field)])

    def _withdrawn(self, again: JudgedAgain) -> list[StageError]:
        if again.withdrawn is None:
            return []
        return [self._error("unconfirmed", again.row["page_url"], again.withdrawn, "name")]

    def _error(self, kind: str, url: str, message: str, at: str | None = None) -> StageError:
        return StageError(kind=kind, source=self._source.key, url=url, field=at, message=message)


def _asked_again(row: PerformerRecord, earlier: PerformerRecord | None) -> PerformerRecord:
    """Some of its pictures could not be had: the ones from before stay, and no age and no version
    make the next crawl pass the page by."""
    shown = row["images"] or []
    known = {image["url"] for image in shown}
    before = [] if earlier is None or earlier["deleted"] else earlier["images"] or []
    kept = [image for image in before if image["url"] not in known]
    return {
        **row,
        "images": shown + kept,
        "fetched_at": None,
        "etag": None,
        "last_modified": None,
    }


def _conditions(earlier: PerformerRecord | None) -> dict[str, str]:
    """Headers that let the server answer 304 where nothing changed."""
    if earlier is None or earlier["deleted"]:
        return {}
    headers = {"If-None-Match": earlier["etag"], "If-Modified-Since": earlier["last_modified"]}
    return {name: value for name, value in headers.items() if value}
