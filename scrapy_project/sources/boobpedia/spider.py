"""boobpedia.com: a MediaWiki with an infobox on each person's article."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from parsel import Selector

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import helpers as h

MISSING: Final = ("There is currently no text in this page",)
NO_ARTICLE: Final = ".noarticletext"
# "[1]", "[citation needed]", "[edit]": the wiki's own marks within a text.
MARKS: Final = ("sup.reference", "sup.noprint", ".mw-editsection", ".Inline-Template")
MARK: Final = re.compile(r"\[[^\[\]]{0,40}\]")
NAME: Final = "#firstHeading"
NAMESAKE: Final = re.compile(r"\s*\([^()]*\)$")  # "Name (2)"
TITLE_ENDS: Final = (" - ", " | ", "|")
INFOBOX: Final = "table[class*='infobox']"
IMAGES: Final = "img"
# Images in the text of an article may show others; today's class of links stands there as well.
GALLERY: Final = (":is(.gallery, .gallerybox) a.mw-file-description > img", "a.image > img")
# /wiki/images/thumb/a/ab/F.jpg/240px-F.jpg stands for /wiki/images/a/ab/F.jpg
THUMB: Final = re.compile(
    r"(?P<base>/wiki/images)/thumb(?P<file>/\w/\w\w/[^/]+\.(?:jpe?g|png|webp))/\d+px-[^/]+",
    re.IGNORECASE,
)
IMAGE: Final = re.compile(r"/wiki/images/\w/\w\w/[^/]+\.(?:jpe?g|png|webp)", re.IGNORECASE)
FLAG: Final = re.compile(r"flag[ _]of[ _]", re.IGNORECASE)  # of the country, beside the facts
ICON_WIDTH: Final = 50  # pixels; portraits are shown wider
ALIASES: Final = ("also known as", "aliases", "alias", "aka", "other names")
REMARK: Final = re.compile(r"\([^()]*\)")


def parse_page(body: bytes, url: str) -> h.Profile:
    """Return the profile of a person's article. Raises `PageError`."""
    page = h.without(h.document(body), *MARKS)
    boxes = h.elements(page, INFOBOX)[:1]
    rows = find_rows(boxes[0]) if boxes else {}
    images = list(find_images(page, boxes, url))
    if h.elements(page, NO_ARTICLE):
        raise h.PageError("missing_page", f"{url}: the wiki has no such article")
    shown = not h.heads_say(page, *MISSING) and (boxes or images)
    h.require(shown, page, "infobox", url, *MISSING)
    name = NAMESAKE.sub("", h.text_of(page, NAME) or h.title_before(page, *TITLE_ENDS) or "")
    return h.profile(
        h.require(name, page, "name", url),
        with_birthplace(rows),
        images=images,
        aliases=find_aliases(rows),
        links=h.outside(boxes[0], url, "a::attr(href)") if boxes else (),
    )


def find_rows(infobox: Selector) -> dict[str, list[str]]:
    """Label -> lines, of the rows of a heading or a first cell, and one cell."""
    found: dict[str, list[str]] = {}
    for row in h.elements(infobox, "tr"):
        cells = row.xpath("./*[self::th or self::td]")
        label = h.label_of(MARK.sub("", h.element_text(cells[0]) or "")) if cells else ""
        if len(cells) == 2 and label:
            found.setdefault(label, [MARK.sub(" ", line) for line in h.lines_of(cells[1])])
    return found


def find_aliases(rows: dict[str, list[str]]) -> list[str]:
    """Between commas or one per line, without what stands in brackets behind them."""
    lines = [REMARK.sub(" ", line) for label in ALIASES for line in rows.get(label, ())]
    return [name for line in lines for name in h.split_names(line)]


def with_birthplace(rows: dict[str, list[str]]) -> dict[str, str]:
    """Label -> text; the place below the date of birth has no label of its own."""
    texts = h.labelled((label, " ".join(lines)) for label, lines in rows.items())
    places = (line for line in reversed(rows.get("born", ())) if h.country(line))
    if place := next(places, None):
        texts.setdefault("birthplace", place)
    return texts


def find_images(page: Selector, boxes: list[Selector], url: str) -> Iterator[h.Image]:
    """The infobox's image, then the galleries'; full size, with the thumbnail as fallback."""
    of_boxes = [image for box in boxes for image in h.elements(box, IMAGES)]
    for image in (*of_boxes, *h.elements(page, *GALLERY)):
        address = h.absolute(url, image.root.get("src") or "")
        path = h.path_of(address or "")
        whole = full_size(path)
        if address is not None and IMAGE.fullmatch(whole) and not is_icon(image, whole):
            fallbacks = (address,) if whole != path else ()
            yield h.Image(url=h.with_path(address, whole), fallbacks=fallbacks)


def full_size(path: str) -> str:
    """The path of the file that a thumbnail stands for; of anything else its own."""
    thumb = THUMB.fullmatch(path)
    return f"{thumb['base']}{thumb['file']}" if thumb else path


def is_icon(image: Selector, path: str) -> bool:
    """Is it a small sign or a flag, by its width (pixels) or its file?"""
    width = image.root.get("width") or ""
    small = width.isascii() and width.isdigit() and int(width[:9]) <= ICON_WIDTH
    return small or FLAG.match(unquote(path.rpartition("/")[2])) is not None


class BoobpediaSpider(ProfileSpider):
    name = "boobpedia"
    parse_page = staticmethod(parse_page)
