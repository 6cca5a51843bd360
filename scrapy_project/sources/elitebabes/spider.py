"""elitebabes.com: a model's page with one picture a gallery, each in several widths."""

from __future__ import annotations

import re
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
NAME_ENDS = re.compile(
    r"(?:\s+(?:nude|naked|babe|model|pics?|photos?|pictures|images|galler(?:y|ies)))+$",
    re.IGNORECASE,
)
SITES_OWN = re.compile(r"elite\s*babes(?:\.com)?", re.IGNORECASE)
MISSING = re.compile(r"\b(?:page|model) (?:was )?not found\b", re.IGNORECASE)
PERSON = re.compile(r"/model/(?P<id>[^/]+)(?:/|$)", re.IGNORECASE)
PICTURE = re.compile(
    r"(?P<stem>/content/[^?]+_(?:masonry_)?)(?P<width>\d{3,4})\.(?P<type>jpe?g|webp)", re.IGNORECASE
)
WIDTH, SMALLER = "1200", "800"


def parse_page(body: bytes, url: str) -> Profile:
    """A model's page. Raises `PageError`."""
    page = document(body)
    shots = _shots(list(pictures(page, url, PERSON)))
    if says_missing(page, MISSING, shown=bool(shots)):
        raise PageError("missing_page", f"{url}: the site says that nobody is there")
    heading = required(first_heading(page, NAME, SITES_OWN), "name", url)
    return profile(
        name=NAME_ENDS.sub("", heading) or heading,
        links=known_links(page, url, SITES_OWN),
        shots=shots,
    )


def _shots(found: list[str]) -> tuple[Shot, ...]:
    """One a picture, whatever widths of it the page names, wide first."""
    shots = []
    for address in found:
        path = urlsplit(address).path
        if match := PICTURE.fullmatch(path):
            wide, small = (
                urlsplit(address)._replace(path=f"{match['stem']}{n}.{match['type']}").geturl()
                for n in (WIDTH, SMALLER)
            )
            shots.append(Shot(url=wide, fallbacks=(small,)))
    return tuple(shots)


class ElitebabesSpider(ProfileSpider):
    name = "elitebabes"
    parse_page = staticmethod(parse_page)
