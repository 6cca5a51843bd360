"""boobpedia.com: a MediaWiki with an infobox on each person's article."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from parsel import Selector

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import biography
from scrapy_project.parsing import facts as readers
from scrapy_project.parsing.html import (
    absolute,
    document,
    element_text,
    elements,
    empty_page,
    heads_say,
    lines_of,
    outside,
    split_names,
    text_of,
    title_before,
    without,
)
from scrapy_project.parsing.profile import PageError, Profile, Shot

MISSING: Final = ("There is currently no text in this page",)
NO_ARTICLE: Final = ".noarticletext"
# "[1]", "[citation needed]", "[edit]": the wiki's own marks in the middle of what it says.
MARKS: Final = ("sup.reference", "sup.noprint", ".mw-editsection", ".Inline-Template")
MARK: Final = re.compile(r"\[[^\[\]]{0,40}\]")
NAME: Final = "#firstHeading"
NAMESAKE: Final = re.compile(r"\s*\([^()]*\)$")  # "Name (2)"
TITLE_ENDS: Final = (" - ", " | ", "|")
INFOBOX: Final = "table[class*='infobox']"
PICTURES: Final = "img"
# Pictures in the text of an article may show others; today's class of links stands there as well.
GALLERY: Final = (":is(.gallery, .gallerybox) a.mw-file-description > img", "a.image > img")
# /wiki/images/thumb/a/ab/F.jpg/240px-F.jpg stands for /wiki/images/a/ab/F.jpg
THUMB: Final = re.compile(
    r"(?P<base>/wiki/images)/thumb(?P<file>/\w/\w\w/[^/]+\.(?:jpe?g|png|webp))/\d+px-[^/]+",
    re.IGNORECASE,
)
PICTURE: Final = re.compile(r"/wiki/images/\w/\w\w/[^/]+\.(?:jpe?g|png|webp)", re.IGNORECASE)
FLAG: Final = re.compile(r"flag[ _]of[ _]", re.IGNORECASE)  # of the country, beside the facts
ICON_WIDTH: Final = 50  # pixels; portraits are shown wider
ALIASES: Final = ("also known as", "aliases", "alias", "aka", "other names")
REMARK: Final = re.compile(r"\([^()]*\)")


def parse_page(body: bytes, url: str) -> Profile:
    page = without(document(body), *MARKS)
    boxes = elements(page, INFOBOX)[:1]
    rows = facts(boxes[0]) if boxes else {}
    shots = pictures(page, boxes, url)
    if elements(page, NO_ARTICLE):
        raise PageError("missing_page", f"{url}: the wiki has no such article")
    if heads_say(page, *MISSING) or not (boxes or shots):
        raise empty_page(page, "infobox", url, *MISSING)
    name = NAMESAKE.sub("", text_of(page, NAME) or title_before(page, *TITLE_ENDS) or "")
    if not name:
        raise empty_page(page, "name", url)
    return biography.profile(
        name,
        with_birthplace(rows),
        shots=shots,
        aliases=aliases(rows),
        links=outside(boxes[0], url, "a::attr(href)") if boxes else (),
    )


def facts(infobox: Selector) -> dict[str, list[str]]:
    """Label -> lines, of the rows of a heading or a first cell, and one cell."""
    found: dict[str, list[str]] = {}
    for row in elements(infobox, "tr"):
        cells = row.xpath("./*[self::th or self::td]")
        label = biography.label_of(MARK.sub("", element_text(cells[0]) or "")) if cells else ""
        if len(cells) == 2 and label:
            found.setdefault(label, [MARK.sub(" ", line) for line in lines_of(cells[1])])
    return found


def aliases(rows: dict[str, list[str]]) -> list[str]:
    """Between commas or one a line, without what stands in brackets behind them."""
    lines = [REMARK.sub(" ", line) for label in ALIASES for line in rows.get(label, ())]
    return [name for line in lines for name in split_names(line)]


def with_birthplace(rows: dict[str, list[str]]) -> dict[str, str]:
    """Label -> text; the place below the date of birth has no label of its own."""
    texts = biography.labelled((label, " ".join(lines)) for label, lines in rows.items())
    places = (line for line in reversed(rows.get("born", ())) if readers.country(line))
    if place := next(places, None):
        texts.setdefault("birthplace", place)
    return texts


def pictures(page: Selector, boxes: list[Selector], url: str) -> tuple[Shot, ...]:
    """The infobox's picture, then the galleries'; full size, with the thumbnail as the way back."""
    images = [image for box in boxes for image in elements(box, PICTURES)]
    found: dict[str, list[str]] = {}
    for image in (*images, *elements(page, *GALLERY)):
        address = absolute(url, image.root.get("src") or "")
        path = urlsplit(address or "").path
        thumb = THUMB.fullmatch(path)
        whole = f"{thumb['base']}{thumb['file']}" if thumb else path
        if address is None or not PICTURE.fullmatch(whole) or is_icon(image, whole):
            continue
        ways = found.setdefault(urlsplit(address)._replace(path=whole).geturl(), [])
        if thumb and address not in ways:
            ways.append(address)
    return tuple(Shot(url=full, fallbacks=tuple(ways)) for full, ways in found.items())


def is_icon(image: Selector, path: str) -> bool:
    width = image.root.get("width") or ""
    small = width.isascii() and width.isdigit() and int(width[:9]) <= ICON_WIDTH
    return small or FLAG.match(unquote(path.rpartition("/")[2])) is not None


class BoobpediaSpider(ProfileSpider):
    name = "boobpedia"
    parse_page = staticmethod(parse_page)
