"""iafd.com: one page per performer; headings and data one after the other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from parsel import Selector

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import helpers as h

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
IMAGES: Final = ("img::attr(src)", "img::attr(data-src)")
IMAGE: Final = re.compile(r"/graphics/headshots/[^/]+\.jpe?g", re.IGNORECASE)
AKA: Final = re.compile(r"(performer )?aka|alias(es)?")  # "Director AKA" is of another career
NO_ALIAS: Final = re.compile(r"no known aliases", re.IGNORECASE)
UNDECIDED: Final = re.compile(r"\sor\s", re.IGNORECASE)  # "X or Y": one of them, nobody says which
STUDIO: Final = re.compile(r"\([^()]*\)?")


def parse_page(body: bytes, url: str) -> h.Profile:
    """Return the profile of a performer's page. Raises `PageError`."""
    page = h.without(h.document(body), AWARDS)
    texts, aliases = find_facts(page)
    images = find_images(page, url)
    shown = not is_missing(page) and (h.elements(page, FACTS) or images)
    h.require(shown, page, HEADING, url, *MISSING, MISSING_TITLE)
    name = h.require(h.text_of(page, NAME), page, "name", url)
    return h.profile(name, texts, images=images, aliases=aliases, links=find_links(page, url))


def is_missing(page: Selector) -> bool:
    """Does the site say that nobody is there?"""
    title = h.text_of(page, "title") or ""
    return title.startswith(MISSING_TITLE) or h.heads_say(page, *MISSING)


def find_facts(page: Selector) -> tuple[dict[str, str], list[str]]:
    """Label -> text, and the aliases."""
    pairs: list[tuple[str | None, str | None]] = []
    aliases: list[str] = []
    label = ""
    for element in h.elements(page, FACTS):
        if is_heading(element):
            label = h.label_of(h.element_text(element))
        elif AKA.fullmatch(label):
            aliases += alias_lines(element)
        elif label:
            pairs.append((label, h.element_text(element)))
            label = ""
    return h.labelled(pairs), aliases


def is_heading(element: Selector) -> bool:
    """Is it a label, not a value?"""
    return HEADING in (element.root.get("class") or "").split()


def alias_lines(element: Selector) -> list[str]:
    """One name per line or between commas; without the studio in brackets ("Name (studio)")."""
    lines = (STUDIO.sub(" ", line) for line in h.lines_of(element))
    found = (name for line in lines for name in h.split_names(line, "[,;]"))
    return [name for name in found if not (NO_ALIAS.search(name) or UNDECIDED.search(name))]


def find_links(page: Selector, url: str) -> tuple[str, ...]:
    """Of the facts, and of the rows below a heading of links, as pictures or written out."""
    written: list[str] = []
    for heading in h.elements(page, f".{HEADING}"):
        if LINK_LABELS.fullmatch(h.label_of(h.element_text(heading))):
            for row in rows_below(heading):
                row.root.classes.add(DATA)  # some rows are pictures in links and nothing else
                written += [] if row.root.tag == "a" or row.css("a") else written_out(row)
    return (*h.outside(page, url, *LINKS), *written)


def rows_below(heading: Selector) -> Iterator[Selector]:
    """The elements up to the next heading, or to where another part of the page begins."""
    for element in islice(heading.root.itersiblings("*"), MAX_ROWS):
        row = h.selector_of(element)
        begins = element.tag not in LINK_ROWS or element.get("id")
        if begins or is_heading(row) or row.css(f".{HEADING}"):
            return
        yield row


def written_out(row: Selector) -> list[str]:
    """The addresses in the text of a row without links."""
    words = IN_TEXT.findall(h.element_text(row) or "")
    found = (h.absolute("", word if "://" in word else f"https://{word}") for word in words)
    return [address for address in found if address]


def find_images(page: Selector, url: str) -> tuple[h.Image, ...]:
    """The one headshot; images elsewhere may be of people who worked with the person."""
    frames = h.elements(page, HEADSHOT)[:1] or [page]
    paths = (
        (address, h.path_of(address))
        for frame in frames
        for address in h.addresses(frame, url, *IMAGES)
    )
    return tuple(h.Image(url=address) for address, path in paths if IMAGE.fullmatch(path))


class IafdSpider(ProfileSpider):
    name = "iafd"
    parse_page = staticmethod(parse_page)
