"""Spider of kind html_profile: one page of a reference site a performer."""

from __future__ import annotations

from typing import ClassVar, Protocol

from scrapy_project.profile import Profile, Shot
from scrapy_project.spider import SourceSpider


class Parse(Protocol):
    """Bytes and URL in, a profile out. Raises `PageError`."""

    def __call__(self, body: bytes, url: str) -> Profile: ...


class ParseMore(Protocol):
    """The pictures of a further page of the same performer. Raises `PageError`."""

    def __call__(self, body: bytes, url: str) -> tuple[Shot, ...]: ...


class ProfileSpider(SourceSpider):
    """Visits the job's targets; a site's spider is a name and its pure parse functions.

    `parse_page` and `parse_more` are static: nothing but bytes and URL goes in.
    """

    kind = "html_profile"
    parse_page: ClassVar[Parse]
    parse_more: ClassVar[ParseMore | None] = None

    async def crawl(self, key: str | None) -> None:
        raise NotImplementedError
