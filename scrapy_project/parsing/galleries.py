"""Further pages of a performer (galleries): their images, as far as they can be fetched."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import urlsplit

from scrapy.http import Request, Response

from scrapy_project.failures import FetchFailed, request_for
from scrapy_project.limits.breaker import challenge
from scrapy_project.outcomes import read_with
from scrapy_project.parsing.charset import as_utf8
from scrapy_project.parsing.profile import Image, PageError, Profile
from scrapy_project.parsing.walls import walled
from scrapy_project.storage.profile_rows import from_allowed_hosts, same_site
from trainer.config.sources import SourceConfig
from trainer.staging.manifest import StageError

MORE_PAGES: Final = 5
_SETTLED: Final = frozenset({"robots", "gallery", "charset", "parser", "http_404", "http_410"})


class ParseMore(Protocol):
    """The pictures of a further page of the same performer. Raises `PageError`."""

    def __call__(self, body: bytes, url: str) -> tuple[Image, ...]: ...


@dataclass
class FurtherImages:
    """`images` of further pages, and what went wrong with some of these."""

    images: list[Image] = field(default_factory=list)
    errors: list[StageError] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether asking again can bring no more."""
        return all(error.kind in _SETTLED for error in self.errors)


class GalleryReader:
    """Fetches a profile's `more_pages` of the page's own site."""

    def __init__(
        self,
        source: SourceConfig,
        fetch: Callable[[Request], Awaitable[Response]],
        parse_more: ParseMore | None,
    ) -> None:
        self._source = source
        self._fetch = fetch
        self._parse_more = parse_more

    async def read(self, profile: Profile, url: str, images: list[Image]) -> FurtherImages:
        """Until there are as many pictures as the source is asked for; those in `images` count."""
        most = self._source.images_per_page or 1_000
        found = FurtherImages()
        if self._parse_more is None:
            return found
        for more in _of_same_site(profile.more_pages[:MORE_PAGES], url):
            if len(images) + len(found.images) >= most:
                break
            try:
                kept = await self._page(more, self._parse_more)
                found.images += from_allowed_hosts(self._source, url, kept)[0]
            except (FetchFailed, PageError) as error:
                found.errors.append(self._error(more, error))
        known = {image.url for image in images}
        found.images = [image for image in dict.fromkeys(found.images) if image.url not in known]
        return found

    async def _page(self, more: str, parse: ParseMore) -> tuple[Image, ...]:
        response = await self._fetch(request_for(more))
        mark = challenge(response)
        if mark is not None:
            raise PageError("challenge", f"a check for robots instead of the page ({mark})")
        if response.status != 200:
            raise PageError(f"http_{response.status}", f"HTTP {response.status}")
        if not _same_page(more, response.url):
            raise walled(f"led to {response.url}")
        return read_with(parse, as_utf8(response), response.url)

    def _error(self, more: str, error: FetchFailed | PageError) -> StageError:
        moved = error.kind.startswith("field_") or error.kind == "missing_page"
        kind = "gallery" if moved else error.kind
        return StageError(kind=kind, source=self._source.key, url=more, message=str(error))


def _of_same_site(pages: Iterable[str], url: str) -> Iterator[str]:
    """Those of the pages that lie on the site of `url`."""
    host = urlsplit(url).hostname or ""
    for page in pages:
        page_host = urlsplit(page).hostname or ""
        if page_host == host or same_site(page_host, host):
            yield page


def _same_page(requested: str, final: str) -> bool:
    """Images of any other page that a gallery redirects to are somebody else's."""
    left, right = (urlsplit(url).path.rstrip("/").casefold() for url in (requested, final))
    return left == right
