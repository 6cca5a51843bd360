"""javdatabase.com: an idol's page with labelled facts and a portrait."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final
from urllib.parse import unquote

from parsel import Selector

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import helpers as h

MISSING: Final = re.compile(
    r"\b(?:page|idol) not found\b|^(?:\W*404\W*)?not found\b", re.IGNORECASE
)
MISSING_PARTS: Final = ("body.error404", "div.page-404")
NAMES: Final = ("h1.idol-name", "h1")
NAME_ENDS: Final = re.compile(
    r"\s*-\s*JAV\b.*$|(?:\s+(?:JAV|Biography|Profile|Movies|Videos))+$", re.IGNORECASE
)
SITES_NAME: Final = re.compile(r"jav\s*database(?:\.com)?", re.IGNORECASE)
PERSON: Final = re.compile(r"/idols/(?P<id>[^/]+)(?:/|$)", re.IGNORECASE)
CANONICAL: Final = "link[rel='canonical']::attr(href)"
FACTS: Final = ":is(b, strong)"  # <b>Label:</b> text and links - <b>Label:</b> ...<br>
VALUE_ENDS: Final = re.compile("(?:^|\\s)[-\u2013\u2014](?:\\s|$)")
LABELS: Final = {  # the site's -> a usual one
    "dob": "born",
    "debut": "career",
    "hair color(s)": "hair color",
    "jp": "aliases",
    "japanese name": "aliases",
}
SEPARATORS: Final = r"[,/;\u3001\uff0f]"
PORTRAIT: Final = "idol-portrait"  # stands in a sponsor's link
ICONS: Final = ("img", "i", "svg")
IMAGE: Final = re.compile(
    r"/idolimages/(?:full|thumb)/(?:[^/]+/)*(?P<file>[^/]+)\.(?:webp|jpe?g|png)", re.IGNORECASE
)
THUMB, FULL = "/idolimages/thumb/", "/idolimages/full/"


def parse_page(body: bytes, url: str) -> h.Profile:
    """Return the profile of an idol's page. Raises `PageError`."""
    page = h.document(body)
    texts, images = find_facts(page), tuple(find_images(page, url))
    missing = h.says_missing(page, MISSING, shown=bool(images or texts))
    if missing or h.elements(page, *MISSING_PARTS):
        raise h.PageError("missing_page", f"{url}: the site says that nobody is there")
    heading = h.require(h.first_heading(page, SITES_NAME, *NAMES), page, "name", url)
    name = NAME_ENDS.sub("", heading) or heading
    shown = texts or images or h.elements(page, NAMES[0])
    h.require(shown or h.is_named_like_page(name, own_id(page, url)), page, "facts", url)
    return h.profile(
        name,
        texts,
        images=images,
        aliases=h.split_names(texts.get("aliases"), SEPARATORS),
        links=find_links(page, url),
    )


def own_id(page: Selector, url: str) -> str | None:
    """The idol's, as the page itself says: the site may have redirected."""
    canonical = next(h.addresses(page, url, CANONICAL), None)
    return (h.page_id(PERSON, canonical) if canonical else None) or h.page_id(PERSON, url)


def find_facts(page: Selector) -> dict[str, str]:
    """The text behind each label, by its usual name; none of a visitor's."""
    visitors = h.by_visitors(page)
    pairs = []
    for element in h.elements(page, FACTS):
        text = h.element_text(element)
        if text and text.endswith(":") and element.root not in visitors:
            label = LABELS.get(h.label_of(text), h.label_of(text))
            value = VALUE_ENDS.split(h.text_behind(element, "br") or "", maxsplit=1)[0]
            pairs.append((label, h.year_in(value) if label == "career" else value))
    return h.labelled(pairs)


def find_links(page: Selector, url: str) -> tuple[str, ...]:
    """The accounts that an icon leads to; the portrait's link is a sponsor's."""
    known = h.known_links(page, url, SITES_NAME)
    anchors = (a for a in h.elements(page, "a") if is_icon(a))
    icons = {h.absolute(url, anchor.root.get("href") or "") for anchor in anchors}
    return tuple(address for address in known if address in icons)


def is_icon(anchor: Selector) -> bool:
    """Is it a link without text, be it an image or an icon of a font?"""
    if h.element_text(anchor) or "sponsored" in (anchor.root.get("rel") or "").casefold().split():
        return False
    if any(PORTRAIT in classes(parent) for parent in anchor.root.iterancestors()):
        return False
    return any(child.tag in ICONS for child in islice(anchor.root.iterdescendants(), 10))


def classes(element: Any) -> list[str]:
    """Of an element of lxml."""
    return (element.get("class") or "").split()


def find_images(page: Selector, url: str) -> Iterator[h.Image]:
    """Only files that are called exactly like the page: `name-2` is somebody else. Full size."""
    own, visitors = own_id(page, url), h.by_visitors(page)
    for image in page.root.iter("img", "source"):
        if image in visitors or h.leads_to_another(image, url, PERSON, own):
            continue
        for address in h.image_addresses(image, url):
            match = IMAGE.fullmatch(h.path_of(address))
            if match and unquote(match["file"]).casefold() == own:
                full, thumb = address.replace(THUMB, FULL, 1), address.replace(FULL, THUMB, 1)
                yield h.Image(url=full, fallbacks=(thumb,))


class JavdatabaseSpider(ProfileSpider):
    name = "javdatabase"
    parse_page = staticmethod(parse_page)
