"""iafd.com: one page a person; headings and data one after the other."""

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
    text_of,
    texts_of,
    tidy,
)
from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.profile import Profile, Shot

MISSING: Final = ("The page you requested was removed", "invalid or outdated page")
NAME: Final = "h1"
HEADING, DATA = "bioheading", "biodata"  # <p class="bioheading">Label</p><p|div class="biodata">
FACTS: Final = ":is(.bioheading, .biodata)"
LINKS: Final = ".biodata a::attr(href)"
PICTURES: Final = ("img::attr(src)", "img::attr(data-src)")
PICTURE: Final = re.compile(r"/graphics/headshots/[^/]+\.jpe?g", re.IGNORECASE)
AKA: Final = re.compile(r"(performer )?aka|alias(es)?")
NO_ALIAS: Final = re.compile(r"no known aliases", re.IGNORECASE)


def parse_page(body: bytes, url: str) -> Profile:
    page = document(body)
    texts, names = facts(page)
    shots = pictures(page, url)
    if heads_say(page, *MISSING) or not (elements(page, FACTS) or shots):
        raise empty_page(page, HEADING, url, *MISSING)
    name = text_of(page, NAME)
    if name is None:
        raise empty_page(page, "name", url)
    return biography.profile(
        name, texts, shots=shots, aliases=names, links=outside(page, url, LINKS)
    )


def facts(page: Selector) -> tuple[dict[str, str], list[str]]:
    """Label -> text, and the aliases."""
    pairs: list[tuple[str | None, str | None]] = []
    aliases: list[str] = []
    label = ""
    for element in elements(page, FACTS):
        if HEADING in (element.root.get("class") or "").split():
            label = biography.label_of(element_text(element))
        elif AKA.fullmatch(label):
            aliases += alias_lines(element)
        elif label:
            pairs.append((label, element_text(element)))
            label = ""
    return biography.labelled(pairs), aliases


def alias_lines(element: Selector) -> list[str]:
    """One name a line or between commas; without the studio in brackets ("Name (studio)")."""
    lines = (tidy(re.sub(r"\([^()]*\)", " ", piece)) for piece in texts_of(element))
    return [n for line in lines for n in split_names(line, "[,;]") if not NO_ALIAS.search(n)]


def pictures(page: Selector, url: str) -> tuple[Shot, ...]:
    paths = ((address, urlsplit(address).path) for address in addresses(page, url, *PICTURES))
    return tuple(Shot(url=address) for address, path in paths if PICTURE.fullmatch(path))


class IafdSpider(ProfileSpider):
    name = "iafd"
    parse_page = staticmethod(parse_page)
