"""One visit to one performer's page: ask, read, judge. Never raises for what a server says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Request, Response

from scrapy_project.breaker import challenge
from scrapy_project.fetchers.errors import FetcherError
from scrapy_project.judged_again import JudgedAgain, judged_again
from scrapy_project.middlewares.budget import HostHeld
from scrapy_project.profile import PageError, Profile, Shot
from scrapy_project.profile_rows import (
    from_allowed_hosts,
    profile_row,
    same_site,
    tombstone,
)
from scrapy_project.report import CrawlStopped
from trainer.config.sources import SourceConfig
from trainer.identity.addresses import take_apart
from trainer.identity.site_table import Found, Page
from trainer.references.confirm import judge
from trainer.staging.clock import parse_iso
from trainer.staging.manifest import StageError

MORE_PAGES = 5
NETWORK = (
    CannotResolveHostError,
    ConnectionError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    FetcherError,
    ResponseDataLossError,
)
Row = dict[str, Any]


class Parse(Protocol):
    """Bytes and URL in, a profile out. Raises `PageError`."""

    def __call__(self, body: bytes, url: str) -> Profile: ...


class ParseMore(Protocol):
    """The pictures of a further page of the same performer. Raises `PageError`."""

    def __call__(self, body: bytes, url: str) -> tuple[Shot, ...]: ...


class FetchPage(Protocol):
    async def __call__(self, request: Request) -> Response: ...


@dataclass
class Outcome:
    """`kind`: read, not_modified, known, missing, missing_by_name, unconfirmed, unreadable,
    forbidden (by robots.txt), failed. No row: the last snapshot's row stays."""

    kind: str
    row: Row | None = None
    errors: list[StageError] = field(default_factory=list)


class Visitor:
    """Visits pages of one source with its parse functions; `moment` is the run's, in ISO form."""

    def __init__(
        self,
        source: SourceConfig,
        fetch: FetchPage,
        moment: str,
        parse_page: Parse,
        parse_more: ParseMore | None,
    ) -> None:
        self._source = source
        self._fetch = fetch
        self._moment = moment
        self._parse_page = parse_page
        self._parse_more = parse_more
        self._base = str(source.base_url).rstrip("/")
        assert source.page is not None
        self._pages = Page(source.page, self._base)

    def carried(self, target: Row, earlier: Row | None) -> Outcome | None:
        """The last snapshot's row, where it is young and was looked for in the same way."""
        again = judged_again(target, earlier)
        if again is None:
            return None
        age = parse_iso(self._moment) - parse_iso(again.row["fetched_at"])
        if age >= timedelta(days=self._source.revisit_days):
            return None
        return Outcome("known", again.row, self._withdrawn(again))

    async def visit(self, target: Row, earlier: Row | None) -> Outcome:
        url = f"{self._base}{target['path']}"
        again = judged_again(target, earlier)
        try:
            response = await self._fetch(
                Request(url, headers=_conditions(again.row if again else None))
            )
            if response.status == 304 and again is not None:
                row = {**again.row, "fetched_at": self._moment}
                return Outcome("not_modified", row, self._withdrawn(again))
            return await self._read(target, response)
        except PageError as error:
            return self._refused(target, url, error)
        except HostHeld as error:
            raise CrawlStopped("blocked", str(error)) from None
        except IgnoreRequest as error:
            kind = "forbidden" if "robots.txt" in str(error) else "failed"
            return Outcome(kind, None, [self._error(kind, url, str(error))])
        except NETWORK as error:
            text = f"{type(error).__name__}: {error}"[:300]
            return Outcome("failed", None, [self._error("network", url, text)])

    async def _read(self, target: Row, response: Response) -> Outcome:
        if response.status in (404, 410):
            raise PageError("missing_page", f"HTTP {response.status}")
        mark = challenge(response)
        if mark is not None:
            raise PageError("challenge", f"a check for robots instead of the page ({mark})")
        if response.status != 200:
            text = f"HTTP {response.status}"
            kind = f"http_{response.status}"
            return Outcome("failed", None, [self._error(kind, response.url, text)])
        self._check_address(target, response.url)
        profile = self._parse_page(response.body, response.url)
        facts = profile.model_dump()
        verdict = judge(facts, target["found_by"], target["candidates"])
        errors = [
            self._error("field_invalid", response.url, p.message, p.field) for p in profile.problems
        ]
        shots, foreign = from_allowed_hosts(self._source, response.url, profile.shots)
        if not verdict.doubt:
            shots += await self._more(profile, response.url, shots, errors)
        errors += [
            self._error("foreign_host", url, "a picture of another site", "images.url")
            for url in foreign
        ]
        row = profile_row(self._source, target, profile, shots, verdict, response, self._moment)
        if verdict.doubt:
            errors.append(self._error("unconfirmed", response.url, verdict.doubt, "name"))
        return Outcome("unconfirmed" if verdict.doubt else "read", row, errors)

    def _check_address(self, target: Row, url: str) -> None:
        """A redirect to somebody else's page, or to none: the person asked for is not there."""
        address = take_apart(url)
        found = self._pages.page(address) if address else None
        if urlsplit(url).path == urlsplit(target["path"]).path:
            return
        if found is None or not self._may_be_asked_for(target, found):
            raise PageError("missing_page", f"redirected to {url}, which is another page")

    def _may_be_asked_for(self, target: Row, found: Found) -> bool:
        """Ids of two spaces can't be compared; the redirect says that they are one person's."""
        address = take_apart(f"{self._base}{target['path']}")
        asked = self._pages.page(address) if address else None
        return found.id == target["page_id"] or (asked is not None and asked.space != found.space)

    async def _more(
        self, profile: Profile, url: str, shots: list[Shot], errors: list[StageError]
    ) -> list[Shot]:
        """Pictures of galleries, until there are as many as the source is asked for."""
        most = self._source.images_per_page or 1_000
        found: list[Shot] = []
        host = urlsplit(url).hostname or ""
        for more in profile.more_pages[:MORE_PAGES]:
            other = urlsplit(more).hostname or ""
            if self._parse_more is None or len(shots) + len(found) >= most:
                break
            if other != host and not same_site(other, host):
                continue
            try:
                response = await self._fetch(Request(more))
                if response.status == 200:
                    kept = self._parse_more(response.body, response.url)
                    found += from_allowed_hosts(self._source, url, kept)[0]
                else:
                    text = f"HTTP {response.status}"
                    errors.append(self._error(f"http_{response.status}", more, text))
            except (PageError, IgnoreRequest, *NETWORK) as error:
                errors.append(self._error("gallery", more, f"{type(error).__name__}: {error}"))
        known = {shot.url for shot in shots}
        return [shot for shot in dict.fromkeys(found) if shot.url not in known]

    def _refused(self, target: Row, url: str, error: PageError) -> Outcome:
        if error.kind == "missing_page":
            kind = "missing" if target["found_by"] == "url" else "missing_by_name"
            return Outcome(kind, tombstone(self._source, target, url, self._moment))
        kind = "failed" if error.kind == "challenge" else "unreadable"
        return Outcome(kind, None, [self._error(error.kind, url, str(error), error.field)])

    def _withdrawn(self, again: JudgedAgain) -> list[StageError]:
        if again.withdrawn is None:
            return []
        return [self._error("unconfirmed", again.row["page_url"], again.withdrawn, "name")]

    def _error(self, kind: str, url: str, message: str, at: str | None = None) -> StageError:
        return StageError(kind=kind, source=self._source.key, url=url, field=at, message=message)


def _conditions(earlier: Row | None) -> dict[str, str]:
    """Headers that let the server answer 304 where nothing changed."""
    if earlier is None or earlier["deleted"]:
        return {}
    headers = {"If-None-Match": earlier["etag"], "If-Modified-Since": earlier["last_modified"]}
    return {name: value for name, value in headers.items() if value}
