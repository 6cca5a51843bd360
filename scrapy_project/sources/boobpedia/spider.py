"""boobpedia.com: a MediaWiki with an infobox on each person's article."""

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

MISSING: Final = ("There is currently no text in this page",)
TITLE_ENDS: Final = (" - ", " | ", "|")
INFOBOX: Final = "table[class*='infobox']"
INFOBOX_PICTURES: Final = ("img::attr(src)",)
GALLERY: Final = ":is(a.image, a.mw-file-description) > img::attr(src)"
# /wiki/images/thumb/a/ab/F.jpg/240px-F.jpg stands for /wiki/images/a/ab/F.jpg
THUMB: Final = re.compile(
    r"(?P<base>/wiki/images)/thumb(?P<file>/\w/\w\w/[^/]+\.(?:jpe?g|png|webp))/\d+px-[^/]+",
    re.IGNORECASE,
)
PICTURE: Final = re.compile(r"/wiki/images/\w/\w\w/[^/]+\.(?:jpe?g|png|webp)", re.IGNORECASE)
ALIASES: Final = ("also known as", "aliases", "alias", "aka", "other names")


def parse_page(body: bytes, url: str) -> Profile:
    page = document(body)
    boxes = elements(page, INFOBOX)[:1]
    texts = facts(boxes[0]) if boxes else {}
    shots = pictures(page, boxes, url)
    if heads_say(page, *MISSING) or not (boxes or shots):
        raise empty_page(page, "infobox", url, *MISSING)
    name = title_before(page, *TITLE_ENDS)
    if name is None:
        raise empty_page(page, "name", url)
    return biography.profile(
        name,
        texts,
        shots=shots,
        aliases=[n for label in ALIASES for n in split_names(texts.get(label))],
        links=outside(boxes[0], url, "a::attr(href)") if boxes else (),
    )


def facts(infobox: Selector) -> dict[str, str]:
    """Rows of a heading or a first cell, and one cell."""
    rows = (row.xpath("./*[self::th or self::td]") for row in elements(infobox, "tr"))
    return biography.labelled(
        (element_text(row[0]), element_text(row[1])) for row in rows if len(row) == 2
    )


def pictures(page: Selector, boxes: list[Selector], url: str) -> tuple[Shot, ...]:
    """The infobox's picture, then the galleries'; full size, with the thumbnail as the way back."""
    shown = [address for box in boxes for address in addresses(box, url, *INFOBOX_PICTURES)]
    shown += addresses(page, url, GALLERY)
    found: dict[str, list[str]] = {}
    for address in shown:
        path = urlsplit(address).path
        thumb = THUMB.fullmatch(path)
        whole = f"{thumb['base']}{thumb['file']}" if thumb else path
        if not PICTURE.fullmatch(whole):
            continue
        ways = found.setdefault(urlsplit(address)._replace(path=whole).geturl(), [])
        if thumb and address not in ways:
            ways.append(address)
    return tuple(Shot(url=full, fallbacks=tuple(ways)) for full, ways in found.items())


class BoobpediaSpider(ProfileSpider):
    name = "boobpedia"
    parse_page = staticmethod(parse_page)
