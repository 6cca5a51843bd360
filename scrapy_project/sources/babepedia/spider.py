"""babepedia.com: one page a person, facts as labelled list entries."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from parsel import Selector

from scrapy_project import biography
from scrapy_project.html import (
    addresses,
    document,
    element_text,
    elements,
    empty_page,
    heads_say,
    outside,
    split_names,
    title_before,
)
from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.profile import Profile, Shot

MISSING: Final = ("Page Not Found", "does not exist")
TITLE_ENDS: Final = (" - ", " | ", "|")
FACTS: Final = ":is(span.label, span.value)"  # <span class="label">Key:</span> <span class="value">
YEAR_LINKS: Final = "a[href*='born-in-the-year/']::attr(href)"
YEAR: Final = re.compile(r"/born-in-the-year/(\d{4})\b", re.ASCII)
LINKS: Final = "#socialicons a::attr(href)"
PICTURES: Final = ("img::attr(src)", "img::attr(data-src)", "a::attr(href)")
PICTURE: Final = re.compile(r"/pics/(?P<file>[^/]+?)(?P<thumb>_thumb\d*)?\.jpe?g", re.IGNORECASE)
ALIASES: Final = ("also known as", "aliases", "alias", "aka")


def parse_page(body: bytes, url: str) -> Profile:
    page = document(body)
    texts, shots = facts(page), pictures(page, url)
    if heads_say(page, *MISSING) or not (elements(page, FACTS) or shots):
        raise empty_page(page, "facts", url, *MISSING)
    name = title_before(page, *TITLE_ENDS)
    if name is None:
        raise empty_page(page, "name", url)
    return biography.profile(
        name,
        texts,
        shots=shots,
        aliases=[n for label in ALIASES for n in split_names(texts.get(label), "[,/]")],
        links=outside(page, url, LINKS),
        birth_date=birth_year(page, url, texts),
    )


def facts(page: Selector) -> dict[str, str]:
    pairs: list[tuple[str | None, str | None]] = []
    label: str | None = None
    for element in elements(page, FACTS):
        if "label" in (element.root.get("class") or "").split():
            label = element_text(element)
        elif label is not None:
            pairs.append((label, element_text(element)))
            label = None
    return biography.labelled(pairs)


def birth_year(page: Selector, url: str, texts: dict[str, str]) -> str | None:
    """The year of the link, where no label says more."""
    if any(label in texts for label in biography.READERS["birth_date"][0]):
        return None
    years = (YEAR.search(link) for link in addresses(page, url, YEAR_LINKS))
    return next((year[1] for year in years if year), None)


def pictures(page: Selector, url: str) -> tuple[Shot, ...]:
    """Full sizes; the thumbnail that stands on the page is the way back."""
    found: dict[str, list[str]] = {}
    for address in addresses(page, url, *PICTURES):
        path = urlsplit(address).path
        match = PICTURE.fullmatch(path)
        if match is None:
            continue
        full = address.replace(path, f"/pics/{match['file']}.jpg") if match["thumb"] else address
        thumbs = found.setdefault(full, [])
        if match["thumb"] and address not in thumbs:
            thumbs.append(address)
    return tuple(Shot(url=full, fallbacks=tuple(thumbs)) for full, thumbs in found.items())


class BabepediaSpider(ProfileSpider):
    name = "babepedia"
    parse_page = staticmethod(parse_page)
