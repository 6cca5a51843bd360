"""indexxx.com: a model's page with portraits and thumbnails of sets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from scrapy_project.html import document, required
from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.profile import PageError, Profile, Shot
from scrapy_project.reference import (
    first_heading,
    known_links,
    pictures,
    profile,
    says_missing,
)

NAME = "h1"
SITES_OWN = re.compile(r"indexxx(?:\.com)?", re.IGNORECASE)
MISSING = re.compile(r"\b(?:page|model) (?:was )?not found\b|\bdoes not exist\b", re.IGNORECASE)
PERSON = re.compile(r"/m/(?P<id>[^/]+)(?:/|$)", re.IGNORECASE)
FILE = r".+\.(?:jpe?g|png|webp)"
MODEL = re.compile(rf"/images/models/{FILE}", re.IGNORECASE)
# Thumbnails name their size, and the full picture lies at the same path without it.
SIZED = re.compile(rf"(?P<start>/images)/thumbs/\d+x\d+(?P<rest>/(?:models|sets)/{FILE})", re.I)
THUMB = re.compile(rf"(?:/images)?/thumbs/{FILE}", re.IGNORECASE)


def parse_page(body: bytes, url: str) -> Profile:
    """A model's page. Raises `PageError`."""
    page = document(body)
    shots = tuple(_shots(list(pictures(page, url, PERSON))))
    if says_missing(page, MISSING, shown=bool(shots)):
        raise PageError("missing_page", f"{url}: the site says that nobody is there")
    return profile(
        name=required(first_heading(page, NAME, SITES_OWN), "name", url),
        links=known_links(page, url, SITES_OWN),
        shots=shots,
    )


def _shots(found: list[str]) -> Iterator[Shot]:
    """Portraits first, then thumbnails: at full size, as they are where that is gone."""
    paths = [(address, urlsplit(address).path) for address in found]
    yield from (Shot(url=address) for address, path in paths if MODEL.fullmatch(path))
    for address, path in paths:
        if match := SIZED.fullmatch(path):
            full = urlsplit(address)._replace(path=match["start"] + match["rest"]).geturl()
            yield Shot(url=full, fallbacks=(address,))
        elif THUMB.fullmatch(path):
            yield Shot(url=address)


class IndexxxSpider(ProfileSpider):
    name = "indexxx"
    parse_page = staticmethod(parse_page)
