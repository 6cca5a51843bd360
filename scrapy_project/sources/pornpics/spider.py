"""pornpics.com: a performer's page with a headshot and one picture per gallery."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from parsel import Selector

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import helpers as h
from scrapy_project.parsing.gallery_site import GallerySite, matching_images

DOMAIN: Final = "pornpics.com"
# How the card marks its facts is not known: they are read as people see them, "Label: text".
CARD: Final = ".pornstar-card"
CARD_ROWS: Final = ":is(li, tr)"  # of a label and its text in an element each
ALIASES: Final = ("aliases", "alias", "aka", "also known as", "other names")
# Advertising among the tiles leads elsewhere.
TILES: Final = ("li.thumbwook a.rel-link", "#tiles li a.rel-link")
GALLERY: Final = re.compile(r"(?:/[a-z]{2})?/galleries/", re.IGNORECASE)
HEADSHOT: Final = re.compile(r"/models/[^/]+/(?P<file>[^/]+)\.(?:jpe?g|png|webp)", re.IGNORECASE)
SMALL, LARGE = "/460/", "/1280/"
IMAGE: Final = re.compile(rf"(?:{SMALL}|{LARGE}).+\.(?:jpe?g|webp)", re.IGNORECASE)
SITE: Final = GallerySite(
    missing=("Page not found", "Nothing found", "Nothing was found"),
    names=("h1",),
    name_ends=re.compile(
        r"(?:\s+(?:nude|naked|porn|pornstar|sex|pics?|photos?|pictures|images|galler(?:y|ies)))+$",
        re.IGNORECASE,
    ),
    sites_name=re.compile(r"porn\s*pics(?:\.com)?", re.IGNORECASE),
    person=re.compile(r"(?:/[a-z]{2})?/pornstars/(?P<id>[^/]+)(?:/|$)", re.IGNORECASE),
    shown=(CARD, *TILES),
)


def parse_page(body: bytes, url: str) -> h.Profile:
    """Return the profile of a performer's page. Raises `PageError`."""
    page = h.document(body)
    heading = SITE.name_of(page)
    person = find_person(page, heading or "", SITE.own_id(url))
    name = h.clean(person.get("name")) or h.tidy(heading)
    texts = find_facts(page)
    images = (*headshots(page, url, person), *gallery_images(page, url))
    aliases = [a for label in ALIASES for a in h.split_names(texts.get(label))]
    return SITE.profile(page, url, name, texts, images, aliases, is_known=bool(person or images))


def find_person(page: Selector, heading: str, own_id: str | None) -> dict[str, Any]:
    """The JSON-LD of the person whom the address names, or the heading, in whatever language."""
    persons = [p for p in h.json_ld(page, "Person") if isinstance(p.get("name"), str)]
    named = [(h.letters(h.clean(person["name"]) or ""), person) for person in persons]
    of_page = [person for name, person in named if h.is_named_like_page(name, own_id)]
    return of_page[0] if of_page else find_in_heading(named, h.letters(heading))


def find_in_heading(named: list[tuple[str, dict[str, Any]]], heading: str) -> dict[str, Any]:
    """The person with the longest name that the heading begins with, both in letters alone."""
    of_heading = [(name, person) for name, person in named if name and heading.startswith(name)]
    return max(of_heading, key=lambda pair: len(pair[0]), default=("", {}))[1]


def find_facts(page: Selector) -> dict[str, str]:
    """The facts of the person's card, in rows or as text."""
    card = h.elements(page, CARD)[:1]
    rows = (row.xpath("./*") for part in card for row in h.elements(part, CARD_ROWS))
    texts = h.labelled(
        (h.element_text(row[0]), h.element_text(row[1])) for row in rows if len(row) == 2
    )
    return (h.labelled_lines(card[0], (*h.LABELS, *ALIASES)) if card else {}) | texts


def headshots(page: Selector, url: str, person: dict[str, Any]) -> Iterator[h.Image]:
    """The image that is called like the page, with underscores for its hyphens."""
    own = h.letters(SITE.own_id(url) or "")
    for value in (person.get("image"), *own_image_values(page, url)):
        address = h.absolute(url, value) if isinstance(value, str) else None
        match = HEADSHOT.fullmatch(h.path_of(address)) if address else None
        if address and match and h.letters(match["file"]) == own:
            yield h.Image(url=address)


def own_image_values(page: Selector, url: str) -> Iterator[str]:
    """What the page's images name as their addresses, but of visitors' and of other people's."""
    visitors = h.by_visitors(page)
    for image in page.root.iter("img"):
        if image not in visitors and not SITE.leads_to_another(image, url):
            yield from h.image_values(image)


def gallery_images(page: Selector, url: str) -> Iterator[h.Image]:
    """The large size of each tile of the site's own, and the small one where that is gone."""
    visitors = h.by_visitors(page)
    tiles = (tile.root for tile in h.elements(page, *TILES))
    own = (tile for tile in tiles if tile not in visitors and is_own_gallery(tile, url))
    for address, _ in matching_images(own, url, IMAGE):
        small = address.replace(LARGE, SMALL, 1)
        yield h.Image(url=address.replace(SMALL, LARGE, 1), fallbacks=(small,))


def is_own_gallery(tile: Any, url: str) -> bool:
    """Does a link (of lxml) lead to a gallery of this site?"""
    leads_to = h.absolute(url, tile.get("href") or "") or ""
    is_own_host = h.host_of(leads_to) in (DOMAIN, h.host_of(url))
    return is_own_host and GALLERY.match(h.path_of(leads_to)) is not None


class PornpicsSpider(ProfileSpider):
    name = "pornpics"
    parse_page = staticmethod(parse_page)
