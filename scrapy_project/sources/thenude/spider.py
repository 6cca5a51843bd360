"""thenude.com: a person's page with her facts, her head and the covers of her photo sets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final
from urllib.parse import unquote

from parsel import Selector

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import helpers as h
from scrapy_project.sources.thenude.covers import find_images

MISSING: Final = ("Page Not Found",)
NAME: Final = ".model-name"
OTHER_NAMES: Final = ("h1", "title")
AFTER_NAME: Final = re.compile(r"(\s+(?:nude|aka)\b|\s+[-|]\s).*|\|.*", re.IGNORECASE)
ADDRESS: Final = re.compile(r"/(?P<name>[^/]*)_(?P<number>\d+)\.html?", re.IGNORECASE)
CANONICAL: Final = "link[rel='canonical']"
FACTS: Final = "span.list-quest"  # <li><span class="list-quest">Label:</span> text</li>
MONTHS: Final = frozenset(f"{month:02}" for month in range(1, 13))
# Day, month and year; what is not known stands as ??.
DIGITS: Final = re.compile(r"(?:\d\d|\?\?)-(?P<month>\d\d|\?\?)-(?P<year>\d{4})")
ALIASES: Final = "meta[itemprop='additionalName']"
PARTS: Final = ("li", "a")  # of a list of aliases
MAX_LISTS: Final = 5
MAX_NAMES: Final = 200  # of one list
ALSO: Final = ("aka", "a.k.a", "also known as")  # labels of a list of aliases
NATIONALITY: Final = "span[itemprop='nationality']"
GENDER: Final = "meta[itemprop='gender']"
# What the links to a person's own pages say; others lead to shops and studios.
SITES: Final = re.compile(
    r"twitter|x|instagram|freeones|onlyfans|fansly|facebook|tiktok|youtube|iafd|imdb|babepedia"
    r"|indexxx",
    re.IGNORECASE,
)


def parse_page(body: bytes, url: str) -> h.Profile:
    """Return the profile of a model's page. Raises `PageError`."""
    page = h.document(body)
    number, listed = listed_as(page, url)
    heading = find_name(page)
    images = list(find_images(page, url, number, [n for n in (listed, heading) if n]))
    shown = not h.heads_say(page, *MISSING) and (h.elements(page, FACTS) or images)
    h.require(shown, page, "covers", url, *MISSING)
    name = heading or (listed if images else None)
    return h.profile(
        h.require(name, page, "name", url),
        find_facts(page),
        images=images,
        aliases=find_aliases(page),
        links=find_links(page, url),
        gender=h.first_of(map(h.gender, contents(page, GENDER))),
    )


def listed_as(page: Selector, url: str) -> tuple[str | None, str | None]:
    """Number and name in the page's address; the canonical one may have a name that this lacks."""
    links = h.elements(page, CANONICAL)
    canonical = (h.absolute(url, link.root.get("href") or "") for link in links)
    found = [ADDRESS.fullmatch(unquote(h.path_of(a))) for a in (url, *filter(None, canonical))]
    number = found[0]["number"] if found[0] else None
    names = (h.tidy(match["name"]) for match in found if match and match["number"] == number)
    return number, h.first_of(names)


def find_name(page: Selector) -> str | None:
    """What the page calls the person, else what its heading or title begins with."""
    heads = (h.tidy(AFTER_NAME.sub("", h.text_of(page, query) or "")) for query in OTHER_NAMES)
    return h.text_of(page, NAME) or h.first_of(heads)


def find_facts(page: Selector) -> dict[str, str]:
    """The text beside each label, and the nationality, which is marked up."""
    marked = [("nationality", h.element_text(element)) for element in h.elements(page, NATIONALITY)]
    rows = [(h.element_text(label), text_beside(label)) for label in h.elements(page, FACTS)]
    texts = h.labelled(marked + rows)
    digits = DIGITS.fullmatch(texts.get("born", ""))
    if digits and "?" in digits[0]:
        known = digits["month"] in MONTHS
        texts["born"] = f"{digits['year']}-{digits['month']}" if known else digits["year"]
    return texts


def text_beside(label: Selector) -> str | None:
    """The rest of the row; outside of rows the text after the label, or the next element's."""
    row, follower = label.root.getparent(), label.root.getnext()
    if row is not None and row.tag == "li":
        return h.text_besides(h.selector_of(row), label)
    return h.tidy(label.root.tail) or (
        h.element_text(h.selector_of(follower)) if follower is not None else None
    )


def find_aliases(page: Selector) -> list[str]:
    """Those that are marked up, then those of a list with its own label; each once."""
    found = [*contents(page, ALIASES)]
    labels = h.elements(page, FACTS)
    also = (a for a in labels if h.label_of(h.element_text(a)) in ALSO)
    for label in islice(also, MAX_LISTS):
        row = h.selector_of(label.root.getparent())
        parts = (part for part in h.elements(row, *PARTS)[:MAX_NAMES] if part.root is not row.root)
        found += [*filter(None, map(h.text_besides, parts))] or h.split_names(text_beside(label))
    return list({name.casefold(): name for name in found}.values())


def contents(page: Selector, query: str) -> Iterator[str]:
    """The values of the <meta> elements that the CSS `query` finds."""
    return filter(None, (h.tidy(meta.root.get("content")) for meta in h.elements(page, query)))


def find_links(page: Selector, url: str) -> tuple[str, ...]:
    """The person's own pages, by what the links to them say."""
    named = (a for a in h.elements(page, "a[href]") if SITES.fullmatch(h.text_besides(a) or ""))
    wanted = {h.absolute(url, a.root.get("href")) for a in named}
    return tuple(a for a in h.outside(page, url, "a::attr(href)") if a in wanted)


class ThenudeSpider(ProfileSpider):
    name = "thenude"
    parse_page = staticmethod(parse_page)
