"""elitebabes.com: a model's page with facts and one picture a gallery, each in several widths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from parsel import Selector

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import biography
from scrapy_project.parsing.html import (
    absolute,
    document,
    element_text,
    elements,
    empty_page,
    heads_say,
    split_names,
    text_behind,
)
from scrapy_project.parsing.profile import Profile, Shot
from scrapy_project.parsing.reference import (
    called_like_the_page,
    first_heading,
    known_links,
    path_id,
    picture_values,
)
from scrapy_project.parsing.visitors import by_visitors

MISSING: Final = ("Page not found", "Model not found")
NAMES: Final = (":is(h1, h2).fn", "h1")
NAME_ENDS: Final = re.compile(
    r"(?:\s+(?:nude|naked|babe|model|pics?|photos?|pictures|images|galler(?:y|ies)))+$",
    re.IGNORECASE,
)
SITES_OWN: Final = re.compile(r"elite\s*babes(?:\.com)?", re.IGNORECASE)
PERSON: Final = re.compile(r"/model/(?P<id>[^/]+)(?:/|$)", re.IGNORECASE)
FACTS: Final = "ul.list-aside li > span"  # <li><span>Label:</span> text</li>
FIRST_SEEN: Final = "first seen"  # the year in which a career starts
ALIASES: Final = "p.read-more strong"
GALLERY: Final = "ul.list-gallery"
# /content/lists/ are the site's own collections, with pictures of anybody.
PICTURE: Final = re.compile(
    r"(?P<stem>/content/(?!lists/)[^?]+_(?:masonry_)?)(?P<width>\d{3,4})\.(?P<type>jpe?g|webp)",
    re.IGNORECASE,
)
WIDTH, SMALLER = 1200, 800


def parse_page(body: bytes, url: str) -> Profile:
    """A model's page. Raises `PageError`."""
    page = document(body)
    names = (first_heading(page, query, SITES_OWN) for query in NAMES)
    heading = next((name for name in names if name), None)
    if heading is None or heads_say(page, *MISSING):
        raise empty_page(page, "name", url, *MISSING)
    name = NAME_ENDS.sub("", heading) or heading
    own = path_id(PERSON, url)
    if not (elements(page, FACTS, GALLERY) or called_like_the_page(name, own)):
        raise empty_page(page, "facts", url, *MISSING)
    return biography.profile(
        name,
        facts(page),
        shots=tuple(pictures(page, url, own)),
        aliases=[n for e in elements(page, ALIASES) for n in split_names(element_text(e))],
        links=known_links(page, url, SITES_OWN),
    )


def facts(page: Selector) -> dict[str, str]:
    """The text behind each label, and when the career starts."""
    texts = biography.labelled((element_text(e), text_behind(e)) for e in elements(page, FACTS))
    first_seen = biography.year_in(texts.pop(FIRST_SEEN, None))
    return texts | ({"career": first_seen} if first_seen else {})


def pictures(page: Selector, url: str, own: str | None) -> Iterator[Shot]:
    """One a tile, at the large width, whichever ones the page names; the widest of those last."""
    others = {tile_of(a.root) for a in elements(page, f"{GALLERY} a") if of_other(a, url, own)}
    visitors = by_visitors(page)
    shown: dict[tuple[str, str], tuple[int, str]] = {}
    for image in elements(page, f"{GALLERY} img"):
        if image.root in visitors or tile_of(image.root) in others:
            continue
        for address in filter(None, (absolute(url, v) for v in picture_values(image.root))):
            if match := PICTURE.fullmatch(urlsplit(address).path):
                large, small = (in_width(address, match, n) for n in (WIDTH, SMALLER))
                seen = (int(match["width"]), address)
                shown[large, small] = max(seen, shown.get((large, small), seen))
    for (large, small), (_, widest) in shown.items():
        ways = dict.fromkeys(way for way in (small, widest) if way != large)
        yield Shot(url=large, fallbacks=tuple(ways))


def tile_of(element: Any) -> Any:
    """The entry of the gallery that an element (of lxml) lies in."""
    tile = next(element.iterancestors("li"), None)
    return next(element.iterancestors("figure"), element) if tile is None else tile


def of_other(anchor: Selector, url: str, own: str | None) -> bool:
    """A link to another model's page: the tile may show her."""
    address = absolute(url, anchor.root.get("href") or "")
    found = path_id(PERSON, address) if address else None
    return found is not None and found != own


def in_width(address: str, match: re.Match[str], width: int) -> str:
    path = f"{match['stem']}{width}.{match['type']}"
    return urlsplit(address)._replace(path=path).geturl()


class ElitebabesSpider(ProfileSpider):
    name = "elitebabes"
    parse_page = staticmethod(parse_page)
