"""pornpics.com: a performer's page with a headshot and one picture a gallery."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from parsel import Selector

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import biography, json_ld
from scrapy_project.parsing.html import (
    absolute,
    clean,
    document,
    element_text,
    elements,
    empty_page,
    heads_say,
    split_names,
    tidy,
)
from scrapy_project.parsing.profile import Profile, Shot
from scrapy_project.parsing.reference import (
    called_like_the_page,
    first_heading,
    known_links,
    labelled,
    letters,
    lines,
    of_another,
    path_id,
    picture_values,
)
from scrapy_project.parsing.visitors import by_visitors

MISSING: Final = ("Page not found", "Nothing found", "Nothing was found")
NAME: Final = "h1"
NAME_ENDS: Final = re.compile(
    r"(?:\s+(?:nude|naked|porn|pornstar|sex|pics?|photos?|pictures|images|galler(?:y|ies)))+$",
    re.IGNORECASE,
)
SITES_OWN: Final = re.compile(r"porn\s*pics(?:\.com)?", re.IGNORECASE)
DOMAIN: Final = "pornpics.com"
PERSON: Final = re.compile(r"(?:/[a-z]{2})?/pornstars/(?P<id>[^/]+)(?:/|$)", re.IGNORECASE)
# How the card marks its facts is not known: they are read as people see them, "Label: text".
CARD: Final = ".pornstar-card"
CARD_ROWS: Final = ":is(li, tr)"  # of a label and its text in an element each
ALIASES: Final = ("aliases", "alias", "aka", "also known as", "other names")
LABELS: Final = (
    *(label for labels, _ in biography.READERS.values() for label in labels),
    *biography.CAREER,
    *ALIASES,
)
# Advertising among the tiles leads elsewhere.
TILES: Final = ("li.thumbwook a.rel-link", "#tiles li a.rel-link")
GALLERY: Final = re.compile(r"(?:/[a-z]{2})?/galleries/", re.IGNORECASE)
HEADSHOT: Final = re.compile(r"/models/[^/]+/(?P<file>[^/]+)\.(?:jpe?g|png|webp)", re.IGNORECASE)
SMALL, LARGE = "/460/", "/1280/"
PICTURE: Final = re.compile(rf"(?:{SMALL}|{LARGE}).+\.(?:jpe?g|webp)", re.IGNORECASE)


def parse_page(body: bytes, url: str) -> Profile:
    """A performer's page. Raises `PageError`."""
    page = document(body)
    heading = NAME_ENDS.sub("", first_heading(page, NAME, SITES_OWN) or "")
    person = person_of(page, heading, _own(url))
    name = clean(person.get("name")) or tidy(heading)
    if name is None or heads_say(page, *MISSING):
        raise empty_page(page, "name", url, *MISSING)
    shots = (*headshots(page, url, person), *gallery(page, url))
    known = person or shots or elements(page, CARD, *TILES)
    if not (known or called_like_the_page(name, _own(url))):
        raise empty_page(page, "facts", url, *MISSING)
    texts = facts(page)
    return biography.profile(
        name,
        texts,
        shots=shots,
        aliases=[a for label in ALIASES for a in split_names(texts.get(label))],
        links=known_links(page, url, SITES_OWN),
    )


def person_of(page: Selector, heading: str, own: str | None) -> dict[str, Any]:
    """The JSON-LD of the person whom the address names, or the heading, in whatever language."""
    persons = [p for p in json_ld.objects(page, "Person") if isinstance(p.get("name"), str)]
    named = [(letters(clean(person["name"]) or ""), person) for person in persons]
    of_page = [person for name, person in named if called_like_the_page(name, own)]
    of_heading = [(name, p) for name, p in named if name and letters(heading).startswith(name)]
    longest = max(of_heading, key=lambda pair: len(pair[0]), default=("", {}))
    return of_page[0] if of_page else longest[1]


def facts(page: Selector) -> dict[str, str]:
    card = elements(page, CARD)[:1]
    rows = (row.xpath("./*") for part in card for row in elements(part, CARD_ROWS))
    texts = biography.labelled(
        (element_text(row[0]), element_text(row[1])) for row in rows if len(row) == 2
    )
    return (labelled(lines(card[0]), LABELS) if card else {}) | texts


def headshots(page: Selector, url: str, person: dict[str, Any]) -> Iterator[Shot]:
    """The picture that is called like the page, with underscores for its hyphens."""
    own, visitors = letters(_own(url) or ""), by_visitors(page)
    values = [person.get("image")]
    for image in page.root.iter("img"):
        if image not in visitors and not of_another(image, url, PERSON, _own(url)):
            values += picture_values(image)
    for value in values:
        address = absolute(url, value) if isinstance(value, str) else None
        match = HEADSHOT.fullmatch(urlsplit(address).path) if address else None
        if address and match and letters(match["file"]) == own:
            yield Shot(url=address)


def gallery(page: Selector, url: str) -> Iterator[Shot]:
    """The large size of each tile of the site's own, and the small one where that is gone."""
    visitors = by_visitors(page)
    for tile in elements(page, *TILES):
        leads_to = absolute(url, tile.root.get("href") or "") or ""
        own = _host(leads_to) in (DOMAIN, _host(url))
        if tile.root in visitors or not own or not GALLERY.match(urlsplit(leads_to).path):
            continue
        for image in tile.root.iter("img"):
            for address in filter(None, (absolute(url, v) for v in picture_values(image))):
                if PICTURE.fullmatch(urlsplit(address).path):
                    large, small = (
                        address.replace(SMALL, LARGE, 1),
                        address.replace(LARGE, SMALL, 1),
                    )
                    yield Shot(url=large, fallbacks=(small,))


def _own(url: str) -> str | None:
    return path_id(PERSON, url)


def _host(url: str) -> str:
    return urlsplit(url).netloc.removeprefix("www.")


class PornpicsSpider(ProfileSpider):
    name = "pornpics"
    parse_page = staticmethod(parse_page)
