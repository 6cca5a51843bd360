"""javdatabase.com: an idol's page with labelled facts and a portrait."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from parsel import Selector

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import biography
from scrapy_project.parsing.html import (
    absolute,
    addresses,
    document,
    element_text,
    elements,
    empty_page,
    split_names,
    text_behind,
)
from scrapy_project.parsing.profile import PageError, Profile, Shot
from scrapy_project.parsing.reference import (
    called_like_the_page,
    first_heading,
    known_links,
    of_another,
    path_id,
    picture_values,
    says_missing,
)
from scrapy_project.parsing.visitors import by_visitors

MISSING: Final = re.compile(
    r"\b(?:page|idol) not found\b|^(?:\W*404\W*)?not found\b", re.IGNORECASE
)
MISSING_PARTS: Final = ("body.error404", "div.page-404")
NAMES: Final = ("h1.idol-name", "h1")
NAME_ENDS: Final = re.compile(
    r"\s*-\s*JAV\b.*$|(?:\s+(?:JAV|Biography|Profile|Movies|Videos))+$", re.IGNORECASE
)
SITES_OWN: Final = re.compile(r"jav\s*database(?:\.com)?", re.IGNORECASE)
PERSON: Final = re.compile(r"/idols/(?P<id>[^/]+)(?:/|$)", re.IGNORECASE)
CANONICAL: Final = "link[rel='canonical']::attr(href)"
FACTS: Final = ":is(b, strong)"  # <b>Label:</b> text and links - <b>Label:</b> ...<br>
VALUE_ENDS: Final = re.compile("(?:^|\\s)[-\u2013\u2014](?:\\s|$)")
LABELS: Final = {  # as the biography calls them
    "dob": "born",
    "debut": "career",
    "hair color(s)": "hair color",
    "jp": "aliases",
    "japanese name": "aliases",
}
PORTRAIT: Final = "idol-portrait"  # stands in a sponsor's link
ICONS: Final = ("img", "i", "svg")
PICTURE: Final = re.compile(
    r"/idolimages/(?:full|thumb)/(?:[^/]+/)*(?P<file>[^/]+)\.(?:webp|jpe?g|png)", re.IGNORECASE
)
THUMB, FULL = "/idolimages/thumb/", "/idolimages/full/"


def parse_page(body: bytes, url: str) -> Profile:
    """An idol's page. Raises `PageError`."""
    page = document(body)
    texts, shots = facts(page), tuple(pictures(page, url))
    gone = says_missing(page, MISSING, shown=bool(shots or texts))
    if gone or elements(page, *MISSING_PARTS):
        raise PageError("missing_page", f"{url}: the site says that nobody is there")
    headings = (first_heading(page, query, SITES_OWN) for query in NAMES)
    heading = next((text for text in headings if text), None)
    if heading is None:
        raise empty_page(page, "name", url)
    name = NAME_ENDS.sub("", heading) or heading
    known = texts or shots or elements(page, NAMES[0])
    if not (known or called_like_the_page(name, own_id(page, url))):
        raise empty_page(page, "facts", url)
    return biography.profile(
        name,
        texts,
        shots=shots,
        aliases=split_names(texts.get("aliases"), r"[,/;\u3001\uff0f]"),
        links=links(page, url),
    )


def own_id(page: Selector, url: str) -> str | None:
    """The idol's, as the page itself says: the site may have sent on."""
    canonical = next(addresses(page, url, CANONICAL), None)
    return (path_id(PERSON, canonical) if canonical else None) or path_id(PERSON, url)


def facts(page: Selector) -> dict[str, str]:
    """The text behind each label, by the label's name in the biography; none of a visitor's."""
    visitors = by_visitors(page)
    pairs = []
    for element in elements(page, FACTS):
        text = element_text(element)
        if text and text.endswith(":") and element.root not in visitors:
            label = biography.label_of(text)
            value = VALUE_ENDS.split(text_behind(element, "br") or "", maxsplit=1)[0]
            known = LABELS.get(label, label)
            pairs.append((known, biography.year_in(value) if known == "career" else value))
    return biography.labelled(pairs)


def links(page: Selector, url: str) -> tuple[str, ...]:
    """The accounts that an icon leads to; the portrait's link is a sponsor's."""
    known = known_links(page, url, SITES_OWN)
    icons = {absolute(url, a.root.get("href") or "") for a in elements(page, "a") if is_icon(a)}
    return tuple(address for address in known if address in icons)


def is_icon(anchor: Selector) -> bool:
    if element_text(anchor) or "sponsored" in (anchor.root.get("rel") or "").casefold().split():
        return False
    if any(PORTRAIT in _classes(parent) for parent in anchor.root.iterancestors()):
        return False
    return any(child.tag in ICONS for child in islice(anchor.root.iterdescendants(), 10))


def _classes(element: Any) -> list[str]:
    return (element.get("class") or "").split()


def pictures(page: Selector, url: str) -> Iterator[Shot]:
    """Only files that are called exactly like the page: `name-2` is somebody else. Full size."""
    own, visitors = own_id(page, url), by_visitors(page)
    for image in page.root.iter("img", "source"):
        if image in visitors or of_another(image, url, PERSON, own):
            continue
        for address in filter(None, (absolute(url, v) for v in picture_values(image))):
            match = PICTURE.fullmatch(urlsplit(address).path)
            if match and unquote(match["file"]).casefold() == own:
                full, thumb = address.replace(THUMB, FULL, 1), address.replace(FULL, THUMB, 1)
                yield Shot(url=full, fallbacks=(thumb,))


class JavdatabaseSpider(ProfileSpider):
    name = "javdatabase"
    parse_page = staticmethod(parse_page)
