"""thenude.com: a person's page with her facts, her head and the covers of her photo sets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final
from urllib.parse import unquote, urlsplit

from parsel import Selector

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import biography
from scrapy_project.parsing import facts as values
from scrapy_project.parsing.html import (
    absolute,
    document,
    element_text,
    elements,
    empty_page,
    heads_say,
    outside,
    split_names,
    text_besides,
    text_of,
    tidy,
)
from scrapy_project.parsing.profile import Profile
from scrapy_project.sources.thenude.covers import pictures

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


def parse_page(body: bytes, url: str) -> Profile:
    page = document(body)
    number, listed = listed_as(page, url)
    shown = shown_name(page)
    shots = pictures(page, url, number, [n for n in (listed, shown) if n])
    texts = facts(page)
    name = shown or (listed if shots else None)
    if heads_say(page, *MISSING) or not (elements(page, FACTS) or shots):
        raise empty_page(page, "covers", url, *MISSING)
    if name is None:
        raise empty_page(page, "name", url)
    return biography.profile(
        name,
        texts,
        shots=shots,
        aliases=aliases(page),
        links=links(page, url),
        gender=next(filter(None, map(values.gender, contents(page, GENDER))), None),
    )


def listed_as(page: Selector, url: str) -> tuple[str | None, str | None]:
    """Number and name in the page's address; the canonical one may have a name that this lacks."""
    canonical = (absolute(url, link.root.get("href") or "") for link in elements(page, CANONICAL))
    found = [ADDRESS.fullmatch(unquote(urlsplit(a).path)) for a in (url, *filter(None, canonical))]
    number = found[0]["number"] if found[0] else None
    names = (tidy(match["name"]) for match in found if match and match["number"] == number)
    return number, next(filter(None, names), None)


def shown_name(page: Selector) -> str | None:
    others = (tidy(AFTER_NAME.sub("", text_of(page, query) or "")) for query in OTHER_NAMES)
    return text_of(page, NAME) or next(filter(None, others), None)


def facts(page: Selector) -> dict[str, str]:
    """The text beside each label, and the nationality, which is marked up."""
    marked = [("nationality", element_text(element)) for element in elements(page, NATIONALITY)]
    rows = [(element_text(label), behind(label)) for label in elements(page, FACTS)]
    texts = biography.labelled(marked + rows)
    digits = DIGITS.fullmatch(texts.get("born", ""))
    if digits and "?" in digits[0]:
        known = digits["month"] in MONTHS
        texts["born"] = f"{digits['year']}-{digits['month']}" if known else digits["year"]
    return texts


def behind(label: Selector) -> str | None:
    """The rest of the row; outside of rows the text after the label, or the next element's."""
    row, follower = label.root.getparent(), label.root.getnext()
    if row is not None and row.tag == "li":
        return text_besides(Selector(root=row, type="html"), label)
    return tidy(label.root.tail) or (
        element_text(Selector(root=follower, type="html")) if follower is not None else None
    )


def aliases(page: Selector) -> list[str]:
    """Those that are marked up, then those of a list under a label of its own; each once."""
    found = [*contents(page, ALIASES)]
    labels = elements(page, FACTS)
    also = (a for a in labels if biography.label_of(element_text(a)) in ALSO)
    for label in islice(also, MAX_LISTS):
        row = Selector(root=label.root.getparent(), type="html")
        parts = (part for part in elements(row, *PARTS)[:MAX_NAMES] if part.root is not row.root)
        found += [*filter(None, map(text_besides, parts))] or split_names(behind(label))
    return list({name.casefold(): name for name in found}.values())


def contents(page: Selector, query: str) -> Iterator[str]:
    return filter(None, (tidy(meta.root.get("content")) for meta in elements(page, query)))


def links(page: Selector, url: str) -> tuple[str, ...]:
    """The person's own pages, by what the links to them say."""
    named = (a for a in elements(page, "a[href]") if SITES.fullmatch(text_besides(a) or ""))
    wanted = {absolute(url, a.root.get("href")) for a in named}
    return tuple(a for a in outside(page, url, "a::attr(href)") if a in wanted)


class ThenudeSpider(ProfileSpider):
    name = "thenude"
    parse_page = staticmethod(parse_page)
