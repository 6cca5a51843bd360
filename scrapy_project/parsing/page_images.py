"""The images that a page names, in whatever attribute."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from parsel import Selector

from scrapy_project.parsing.person_page import leads_to_another, page_id
from scrapy_project.parsing.urls import MAX_ADDRESS, absolute
from scrapy_project.parsing.visitors import by_visitors

MAX_IMAGES = 500  # addresses of one page; no source takes a tenth of it
_ATTRIBUTES = ("src", "data-src", "data-original", "data-lazy-src", "href")
_SET_ATTRIBUTES = ("srcset", "data-srcset")


def own_images(page: Selector, url: str, person: re.Pattern[str]) -> Iterator[str]:
    """Absolute addresses of what may be images, in the page's order, each once. Left out are what
    visitors wrote and what lies in a link to another performer's page: `person` is the pattern of
    such pages' paths, with the group `id`."""
    own_id, seen, visitors = page_id(person, url), set[str](), by_visitors(page)
    for element in page.root.iter("img", "source", "a"):
        if element in visitors or leads_to_another(element, url, person, own_id):
            continue
        for address in image_addresses(element, url):
            if address in seen:
                continue
            seen.add(address)
            yield address
            if len(seen) >= MAX_IMAGES:
                return


def image_addresses(element: Any, url: str) -> Iterator[str]:
    """The absolute addresses that an element (of lxml) names for its image, lazy ones included."""
    for value in image_values(element):
        address = absolute(url, value)
        if address is not None:
            yield address


def image_values(element: Any) -> Iterator[str]:
    """The same as they are written."""
    for name in _ATTRIBUTES:
        if value := element.get(name):
            yield value.strip()
    for name in _SET_ATTRIBUTES:
        # A descriptor ("1200w,") gives an address as well: one that no site's pattern takes.
        for piece in (element.get(name) or "").split():
            yield re.sub(r"^[\d.]+[wx],", "", piece[: 2 * MAX_ADDRESS]).strip(",")
