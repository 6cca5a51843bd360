"""pornpics.com: a performer's page with a headshot and one picture a gallery."""

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
    path_id,
    pictures,
    profile,
    says_missing,
)

NAME = "h1"
NAME_ENDS = re.compile(
    r"(?:\s+(?:nude|naked|porn|pornstar|sex|pics?|photos?|pictures|images|galler(?:y|ies)))+$",
    re.IGNORECASE,
)
SITES_OWN = re.compile(r"porn\s*pics(?:\.com)?", re.IGNORECASE)
MISSING = re.compile(r"\bpage not found\b|\bno results\b|\bnothing (?:was )?found\b", re.IGNORECASE)
PERSON = re.compile(r"(?:/[a-z]{2})?/pornstars/(?P<id>[^/]+)(?:/|$)", re.IGNORECASE)
HEADSHOT = re.compile(r"/models/[^/]+/(?P<file>[^/]+)\.jpe?g", re.IGNORECASE)
SMALL, LARGE = "/460/", "/1280/"
GALLERY = re.compile(rf"(?:{SMALL}|{LARGE}).+\.jpe?g", re.IGNORECASE)


def parse_page(body: bytes, url: str) -> Profile:
    """A performer's page. Raises `PageError`."""
    page = document(body)
    found = list(pictures(page, url, PERSON))
    shots = (*_headshots(found, url), *_gallery(found))
    if says_missing(page, MISSING, shown=bool(shots)):
        raise PageError("missing_page", f"{url}: the site says that nobody is there")
    heading = required(first_heading(page, NAME, SITES_OWN), "name", url)
    return profile(
        name=NAME_ENDS.sub("", heading) or heading,
        links=known_links(page, url, SITES_OWN),
        shots=shots,
    )


def _headshots(found: list[str], url: str) -> Iterator[Shot]:
    """The picture that is called like the page; with underscores for its hyphens."""
    own = _letters(path_id(PERSON, url) or "")
    for address in found:
        match = HEADSHOT.fullmatch(urlsplit(address).path)
        if match and _letters(match["file"]) == own:
            yield Shot(url=address)


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _gallery(found: list[str]) -> Iterator[Shot]:
    """The large size, and the small one where the large one is gone."""
    for address in found:
        if GALLERY.fullmatch(urlsplit(address).path):
            large, small = address.replace(SMALL, LARGE, 1), address.replace(LARGE, SMALL, 1)
            yield Shot(url=large, fallbacks=(small,))


class PornpicsSpider(ProfileSpider):
    name = "pornpics"
    parse_page = staticmethod(parse_page)
