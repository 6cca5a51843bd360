"""elitebabes.com: a model's page with facts and one picture per gallery, each in several widths."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from parsel import Selector

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import helpers as h
from scrapy_project.parsing.gallery_site import GallerySite, matching_images

FACTS: Final = "ul.list-aside li > span"  # <li><span>Label:</span> text</li>
FIRST_SEEN: Final = "first seen"  # the year in which a career starts
ALIASES: Final = "p.read-more strong"
GALLERY: Final = "ul.list-gallery"
# /content/lists/ are the site's own collections, with images of anybody.
IMAGE: Final = re.compile(
    r"(?P<stem>/content/(?!lists/)[^?]+_(?:masonry_)?)(?P<width>\d{3,4})\.(?P<type>jpe?g|webp)",
    re.IGNORECASE,
)
WIDTH, SMALLER = 1200, 800
SITE: Final = GallerySite(
    missing=("Page not found", "Model not found"),
    names=(":is(h1, h2).fn", "h1"),
    name_ends=re.compile(
        r"(?:\s+(?:nude|naked|babe|model|pics?|photos?|pictures|images|galler(?:y|ies)))+$",
        re.IGNORECASE,
    ),
    sites_name=re.compile(r"elite\s*babes(?:\.com)?", re.IGNORECASE),
    person=re.compile(r"/model/(?P<id>[^/]+)(?:/|$)", re.IGNORECASE),
    shown=(FACTS, GALLERY),
)


def parse_page(body: bytes, url: str) -> h.Profile:
    """Return the profile of a model's page. Raises `PageError`."""
    page = h.document(body)
    aliases = [n for e in h.elements(page, ALIASES) for n in h.split_names(h.element_text(e))]
    return SITE.profile(
        page, url, SITE.name_of(page), find_facts(page), find_images(page, url), aliases
    )


def find_facts(page: Selector) -> dict[str, str]:
    """The text behind each label, and when the career starts."""
    texts = h.labelled((h.element_text(e), h.text_behind(e)) for e in h.elements(page, FACTS))
    first_seen = h.year_in(texts.pop(FIRST_SEEN, None))
    return texts | ({"career": first_seen} if first_seen else {})


def find_images(page: Selector, url: str) -> Iterator[h.Image]:
    """One per tile, at the large width, whichever ones the page names; the widest of those last."""
    widest: dict[tuple[str, str], tuple[int, str]] = {}
    for address, match in matching_images(own_images(page, url), url, IMAGE):
        large, small = (in_width(address, match, width) for width in (WIDTH, SMALLER))
        named = (int(match["width"]), address)
        widest[large, small] = max(named, widest.get((large, small), named))
    for (large, small), (_, address) in widest.items():
        fallbacks = dict.fromkeys(a for a in (small, address) if a != large)
        yield h.Image(url=large, fallbacks=tuple(fallbacks))


def own_images(page: Selector, url: str) -> Iterator[Any]:
    """The images (of lxml) of tiles that lead to nobody else, none that visitors put there."""
    anchors = (a.root for a in h.elements(page, f"{GALLERY} a"))
    others = {tile_of(a) for a in anchors if SITE.leads_to_another(a, url)}
    visitors = h.by_visitors(page)
    shown = (image.root for image in h.elements(page, f"{GALLERY} img"))
    return (image for image in shown if image not in visitors and tile_of(image) not in others)


def tile_of(element: Any) -> Any:
    """The entry of the gallery that an element (of lxml) lies in."""
    tile = next(element.iterancestors("li"), None)
    return next(element.iterancestors("figure"), element) if tile is None else tile


def in_width(address: str, match: re.Match[str], width: int) -> str:
    """The address of the same image in another width (pixels)."""
    return h.with_path(address, f"{match['stem']}{width}.{match['type']}")


class ElitebabesSpider(ProfileSpider):
    name = "elitebabes"
    parse_page = staticmethod(parse_page)
