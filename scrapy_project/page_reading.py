"""What an answer is: a performer's page, nothing, somebody else's page, or a wall in its place."""

from __future__ import annotations

from typing import Protocol

from scrapy.http import Response

from scrapy_project.limits.breaker import challenge
from scrapy_project.outcomes import read_with
from scrapy_project.parsing.charset import as_utf8
from scrapy_project.parsing.html import document
from scrapy_project.parsing.landing import Landing
from scrapy_project.parsing.profile import PageError, Profile
from scrapy_project.parsing.walls import wall_heading, wall_sign, walled
from trainer.identity.page_names import page_fits
from trainer.staging.rows import Candidate, Target


class Parse(Protocol):
    """Bytes and URL in, a profile out. Raises `PageError`."""

    def __call__(self, body: bytes, url: str) -> Profile: ...


class PageReader:
    """Reads the answers of one source with the parse function of its pages."""

    def __init__(self, parse_page: Parse, landing: Landing) -> None:
        self._parse_page = parse_page
        self._landing = landing

    def profile(self, target: Target, response: Response) -> Profile | None:
        """What the page says, once it is clear that it is a performer's page at all; None for an
        answer that is no page, by its status.

        Raises `PageError`: missing_page where nothing is there, or somebody else's page;
        challenge or wall where it is nobody's.
        """
        if response.status in (404, 410):
            raise self._landing.gone(response)
        mark = challenge(response)
        if mark is not None:
            raise PageError("challenge", f"a check for robots instead of the page ({mark})")
        return self._read(target, response) if response.status == 200 else None

    def _read(self, target: Target, response: Response) -> Profile:
        url = response.url
        elsewhere = self._landing.led_elsewhere(target, url)
        body = as_utf8(response)
        try:
            profile = read_with(self._parse_page, body, url)
        except PageError as error:
            raise _behind(error, body, url, elsewhere) from None
        if _names_one_of(profile, target["candidates"]):
            return profile
        heading = wall_heading(document(body))
        if heading is not None:
            raise walled(f"a page that says {heading[:100]!r}")
        if elsewhere:
            raise PageError("missing_page", f"led to {url}, the page of {profile.name}")
        return profile


def _behind(error: PageError, body: bytes, url: str, elsewhere: bool) -> PageError:
    """The error of a page that gave no profile: is there another page in its place?"""
    if error.kind == "charset" or not body:
        return error
    try:
        page = document(body)
    except PageError:
        return error
    if error.kind == "missing_page":
        heading = wall_heading(page)
        return walled(f"a page that says {heading[:100]!r}") if heading else error
    sign = wall_sign(page, url)
    if sign is not None:
        return walled(sign)
    return walled(f"led to {url}, which is no performer's page,") if elsewhere else error


def _names_one_of(profile: Profile, candidates: list[Candidate]) -> bool:
    facts = profile.model_dump()
    return any(page_fits(facts, candidate) for candidate in candidates)
