"""The page that has a person's facts, at a site that has them apart from the pictures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from scrapy.http import Request, Response

from scrapy_project.failures import FetchFailed, request_for
from scrapy_project.limits.breaker import challenge
from scrapy_project.outcomes import read_with
from scrapy_project.parsing.charset import as_utf8
from scrapy_project.parsing.profile import PageError, Profile
from trainer.identity.names import words

# Kinds of errors after which the facts are not there another time either.
_GONE = ("missing_page", "http_404", "http_410", "unconfirmed", "robots")


class FactsPage(Protocol):
    """A page's URL in; out the one of the page with the same person's facts, where that is another
    one of the same host. It is read by the source's `parse_page`."""

    def __call__(self, url: str) -> str | None: ...


class FactsError(NamedTuple):
    """Why a page with facts added nothing."""

    kind: str
    url: str
    message: str
    field: str | None = None

    @property
    def may_come_later(self) -> bool:
        """Another time: a page found by name, which only facts can confirm, is not doubted yet."""
        return self.kind not in _GONE

    @property
    def outcome(self) -> str:
        """That of a visit which needs the facts."""
        return "unreadable" if self.kind.startswith("field_") else "failed"


class FactsReader:
    """Completes profiles. `check` raises `PageError` for the address of another person's page."""

    def __init__(
        self,
        fetch: Callable[[Request], Awaitable[Response]],
        parse_page: Callable[[bytes, str], Profile],
        facts_page: FactsPage | None,
    ) -> None:
        self._fetch = fetch
        self._parse_page = parse_page
        self._facts_page = facts_page

    @property
    def are_elsewhere(self) -> bool:
        """Has the source a separate page with the facts?"""
        return self._facts_page is not None

    async def complete(
        self, profile: Profile, url: str, check: Callable[[str], None]
    ) -> tuple[Profile, FactsError | None]:
        """The profile of the page at `url` with the facts of the other page, or as it is."""
        address = self._facts_page(url) if self._facts_page else None
        if address is None:
            return profile, None
        try:
            return profile.completed_by(await self._read(profile, address, check)), None
        except PageError as error:
            return profile, FactsError(error.kind, address, str(error), error.field)
        except FetchFailed as error:
            if error.kind == "held" or error.is_no_robots_of(address):
                raise
            return profile, FactsError(error.kind, address, str(error))

    async def _read(self, profile: Profile, address: str, check: Callable[[str], None]) -> Profile:
        response = await self._fetch(request_for(address))
        mark = challenge(response)
        if mark is not None:
            raise PageError("challenge", f"a check for robots instead of the page ({mark})")
        if response.status != 200:
            raise PageError(f"http_{response.status}", f"HTTP {response.status}")
        if urlsplit(response.url).path != urlsplit(address).path:
            check(response.url)
        facts = read_with(self._parse_page, as_utf8(response), response.url)
        if words(facts.name) != words(profile.name):
            text = f"the facts are those of {facts.name!r}, the page is {profile.name!r}'s"
            raise PageError("unconfirmed", text, "name")
        return facts
