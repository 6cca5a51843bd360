"""iafd.com: one page a person; headings and data one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final
from urllib.parse import urlsplit

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
    heads_say,
    lines_of,
    outside,
    split_names,
    text_of,
    without,
)
from scrapy_project.parsing.profile import Profile, Shot

MISSING: Final = ("The page you requested was removed", "invalid or outdated page")
MISSING_TITLE: Final = "404 -"
NAME: Final = "h1"
AWARDS: Final = "#awards"  # the same classes, for the prizes' years and names
HEADING, DATA = "bioheading", "biodata"  # <p class="bioheading">Label</p><p|div class="biodata">
FACTS: Final = ":is(.bioheading, .biodata)"
LINKS: Final = (".biodata a::attr(href)", "a.biodata::attr(href)")
# Headings of rows of links, which are pictures in links and need not be in a .biodata.
LINK_LABELS: Final = re.compile(
    r"web ?sites?|social networks?|digital distribution platforms?|[eb]gafd"
    r"|external (?:sites?|links?)"
)
LINK_ROWS: Final = ("p", "div", "span", "a", "ul")
MAX_ROWS: Final = 20
IN_TEXT: Final = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
HEADSHOT: Final = "#headshot"
PICTURES: Final = ("img::attr(src)", "img::attr(data-src)")
PICTURE: Final = re.compile(r"/graphics/headshots/[^/]+\.jpe?g", re.IGNORECASE)
AKA: Final = re.compile(r"(performer )?aka|alias(es)?")  # "Director AKA" is of another career
NO_ALIAS: Final = re.compile(r"no known aliases", re.IGNORECASE)
UNDECIDED: Final = re.compile(r"\sor\s", re.IGNORECASE)  # "X or Y": one of them, nobody says which
STUDIO: Final = re.compile(r"\([^()]*\)?")


def parse_page(body: bytes, url: str) -> Profile:
    page = without(document(body), AWARDS)
    texts, names = facts(page)
    shots = pictures(page, url)
    if is_missing(page) or not (elements(page, FACTS) or shots):
        raise empty_page(page, HEADING, url, *MISSING, MISSING_TITLE)
    name = text_of(page, NAME)
    if name is None:
        raise empty_page(page, "name", url)
    return biography.profile(name, texts, shots=shots, aliases=names, links=links(page, url))


def is_missing(page: Selector) -> bool:
    title = text_of(page, "title") or ""
    return title.startswith(MISSING_TITLE) or heads_say(page, *MISSING)


def facts(page: Selector) -> tuple[dict[str, str], list[str]]:
    """Label -> text, and the aliases."""
    pairs: list[tuple[str | None, str | None]] = []
    aliases: list[str] = []
    label = ""
    for element in elements(page, FACTS):
        if is_heading(element):
            label = biography.label_of(element_text(element))
        elif AKA.fullmatch(label):
            aliases += alias_lines(element)
        elif label:
            pairs.append((label, element_text(element)))
            label = ""
    return biography.labelled(pairs), aliases


def is_heading(element: Selector) -> bool:
    return HEADING in (element.root.get("class") or "").split()


def alias_lines(element: Selector) -> list[str]:
    """One name a line or between commas; without the studio in brackets ("Name (studio)")."""
    lines = (STUDIO.sub(" ", line) for line in lines_of(element))
    found = (name for line in lines for name in split_names(line, "[,;]"))
    return [name for name in found if not (NO_ALIAS.search(name) or UNDECIDED.search(name))]


def links(page: Selector, url: str) -> tuple[str, ...]:
    """Of the facts, and of the rows below a heading of links, as pictures or written out."""
    written: list[str] = []
    for heading in elements(page, f".{HEADING}"):
        if LINK_LABELS.fullmatch(biography.label_of(element_text(heading))):
            for row in rows_below(heading):
                row.root.classes.add(DATA)  # some rows are pictures in links and nothing else
                written += [] if row.root.tag == "a" or row.css("a") else written_out(row)
    return (*outside(page, url, *LINKS), *written)


def rows_below(heading: Selector) -> Iterator[Selector]:
    """The elements up to the next heading, or to where another part of the page begins."""
    for element in islice(heading.root.itersiblings("*"), MAX_ROWS):
        row = Selector(root=element, type="html")
        begins = element.tag not in LINK_ROWS or element.get("id")
        if begins or is_heading(row) or row.css(f".{HEADING}"):
            return
        yield row


def written_out(row: Selector) -> list[str]:
    words = IN_TEXT.findall(element_text(row) or "")
    found = (absolute("", word if "://" in word else f"https://{word}") for word in words)
    return [address for address in found if address]


def pictures(page: Selector, url: str) -> tuple[Shot, ...]:
    """The one headshot; pictures elsewhere may be of people who worked with the person."""
    frames = elements(page, HEADSHOT)[:1] or [page]
    paths = (
        (address, urlsplit(address).path)
        for frame in frames
        for address in addresses(frame, url, *PICTURES)
    )
    return tuple(Shot(url=address) for address, path in paths if PICTURE.fullmatch(path))


class IafdSpider(ProfileSpider):
    name = "iafd"
    parse_page = staticmethod(parse_page)
