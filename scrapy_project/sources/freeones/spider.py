"""freeones.com: `/<slug>/photos` and the galleries below it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from parsel import Selector

from scrapy_project import biography
from scrapy_project.html import (
    addresses,
    document,
    element_text,
    elements,
    empty_page,
    heads_say,
    text_of,
    tidy,
    title_before,
)
from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.profile import Profile, Shot

MISSING: Final = ("Page Not Found",)
NAME: Final = "h1"
TITLE_ENDS: Final = (" - ", " | ", "|")
AFTER_NAME: Final = re.compile(
    r"('s)?\s+(nude\s+)?(photos|pictures|images|galler(y|ies)|pics)\b.*", re.IGNORECASE
)
FACTS: Final = ":is(li, tr)"  # of a label and its text in an element each
GALLERIES: Final = 5
IMAGES: Final = 20  # enough of them on the page: no gallery is opened
PICTURES: Final = (
    *("img::attr(src)", "img::attr(data-src)", "source::attr(srcset)"),
    "a::attr(href)",
)
HOSTS: Final = re.compile(r"(thumbs|ch-thumbs|img)\.freeones\.com")
PICTURE: Final = re.compile(r"/.+\.(jpe?g|png|webp)", re.IGNORECASE)
TOO_SMALL: Final = re.compile(r"/(tiny|small)/", re.IGNORECASE)


def parse_page(body: bytes, url: str) -> Profile:
    page = document(body)
    shots, more = pictures(page, url), galleries(page, url)
    texts = facts(page)
    if heads_say(page, *MISSING) or not (shots or more or texts):
        raise empty_page(page, "photos", url, *MISSING)
    heading = text_of(page, NAME) or title_before(page, *TITLE_ENDS)
    name = tidy(AFTER_NAME.sub("", heading or ""))
    if name is None:
        raise empty_page(page, "name", url)
    more = () if len(shots) >= IMAGES else more[:GALLERIES]
    return biography.profile(name, texts, shots=shots, more_pages=more)


def parse_more(body: bytes, url: str) -> tuple[Shot, ...]:
    """A gallery's pictures. Raises `PageError` where there are none."""
    page = document(body)
    shots = pictures(page, url)
    if not shots:
        raise empty_page(page, "photos", url, *MISSING)
    return shots


def galleries(page: Selector, url: str) -> tuple[str, ...]:
    """`/<slug>/photos/<gallery>` of this person only."""
    slug = _steps(url)[:1]
    found = (a for a in addresses(page, url, "a::attr(href)") if _same_host(a, url))
    return tuple(
        dict.fromkeys(
            urlsplit(address)._replace(query="").geturl()
            for address in found
            if len(steps := _steps(address)) == 3 and steps[:2] == [*slug, "photos"]
        )
    )


def _steps(url: str) -> list[str]:
    return [unquote(step).casefold() for step in urlsplit(url).path.split("/") if step]


def _same_host(address: str, url: str) -> bool:
    own = urlsplit(url).netloc.removeprefix("www.")
    return urlsplit(address).netloc.removeprefix("www.") == own


def facts(page: Selector) -> dict[str, str]:
    rows = (row.xpath("./*") for row in elements(page, FACTS))
    return biography.labelled(
        (element_text(row[0]), element_text(row[1])) for row in rows if len(row) == 2
    )


def pictures(page: Selector, url: str) -> tuple[Shot, ...]:
    """Full sizes; where a picture is gone, the size that stands on the page."""
    found: dict[str, str] = {}
    for address in addresses(page, url, *PICTURES):
        path = urlsplit(address).path
        own = HOSTS.fullmatch(urlsplit(address).netloc) or _same_host(address, url)
        if not own or not PICTURE.fullmatch(path) or TOO_SMALL.search(path):
            continue
        full = urlsplit(address)._replace(path=path.replace("/thumb/", "/full/", 1)).geturl()
        found.setdefault(full, address)
    return tuple(
        Shot(url=full, fallbacks=(address,) if address != full else ())
        for full, address in found.items()
    )


class FreeonesSpider(ProfileSpider):
    name = "freeones"
    parse_page = staticmethod(parse_page)
    parse_more = staticmethod(parse_more)
