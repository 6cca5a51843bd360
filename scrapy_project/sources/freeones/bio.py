"""FreeOnes' facts: labelled rows of `/<slug>/bio`, some of them marked for tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from parsel import Selector

from scrapy_project.parsing import helpers as h

ROWS: Final = ":is(li, tr)"
MARKED: Final = "[data-test^='link_span_']"
WORDS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])|_")  # dateOfBirth, hair_color
ALIASES: Final = "[data-test='link_span_aliases']"
PLACES: Final = "a[data-test='link_placeOfBirth']"
TIMELINE: Final = ".timeline-horizontal p.m-0"
DIED: Final = "//text()[starts-with(normalize-space(.), 'Passed away on')]/.."
DATE_OF_DEATH: Final = re.compile(r"Passed away on\b(?P<date>.+?)(?:\bat the age\b|$)")
LINKS: Final = "form a:not([rel~='sponsored']):not([rel~='ugc'])::attr(href)"
SITES_OWN: Final = re.compile("/@?freeones(?:com)?/?", re.IGNORECASE)


def find_facts(page: Selector) -> dict[str, str]:
    """Text by label: what is marked, else what stands beside the label in its row."""
    texts = h.labelled([*_marked(page), *_rows(page), *_career(page), _death(page)])
    places = h.elements(page, PLACES)
    if places:  # a town or state alone must not be taken for a country
        texts.pop("place of birth", None)
        if country := _country(places):
            texts["country"] = country
    return texts


def find_aliases(page: Selector, texts: dict[str, str]) -> tuple[str, ...]:
    """The aliases that are marked, else those of the row."""
    marked = [h.element_text(element) for element in h.elements(page, ALIASES)]
    return tuple(filter(None, marked)) or h.split_names(texts.get("aliases"))


def find_links(page: Selector, url: str) -> tuple[str, ...]:
    """The links of the facts' form, but for advertising and the site's own accounts."""
    found = h.outside(page, url, LINKS)
    return tuple(address for address in found if not SITES_OWN.fullmatch(urlsplit(address).path))


def _marked(page: Selector) -> Iterator[tuple[str, str | None]]:
    for element in h.elements(page, MARKED):
        mark = element.root.get("data-test").removeprefix("link_span_")
        yield WORDS.sub(" ", mark), h.element_text(element)


def _rows(page: Selector) -> Iterator[tuple[str | None, str | None]]:
    for row in h.elements(page, ROWS):
        label, *rest = row.xpath("./*[not(self::a)]")[:2] or [None]
        if label is not None and rest:
            yield h.element_text(label), h.text_besides(row, label)


def _career(page: Selector) -> Iterator[tuple[str, str | None]]:
    years = [h.element_text(element) for element in h.elements(page, TIMELINE)]
    if years:
        yield "career start", years[0]
    if len(years) > 1:
        yield "career end", years[-1]


def _death(page: Selector) -> tuple[str, str | None]:
    found = page.xpath(f"({DIED})[1]")
    match = DATE_OF_DEATH.search(h.element_text(found[0]) or "") if found else None
    return "date of death", match["date"] if match else None


def _country(places: list[Selector]) -> str | None:
    """What the link to a country's people says, or the code in its address."""
    for place in places:
        query = dict(parse_qsl(urlsplit(place.root.get("href") or "").query))
        code = next((value for key, value in query.items() if "country" in key), None)
        if code is not None:
            text = h.element_text(place)
            return text if (text and h.code_of(text)) or code not in h.codes() else code
    return None
