"""A person's links to other sites, told from advertising."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlsplit

from parsel import Selector

from scrapy_project.parsing.urls import MAX_ADDRESS, absolute
from scrapy_project.parsing.visitors import by_visitors
from trainer.identity.links import identify

MAX_LINKS = 500
_FRAME = ("footer", "header", "nav", "aside")  # the site's own links, the same on every page


def known_links(page: Selector, url: str, sites_name: re.Pattern[str]) -> tuple[str, ...]:
    """Links to sites where `identify` finds a person named, outside of the page's frame (footer,
    header, navigation), none that visitors wrote and none of the site's own accounts, which are
    called like the site. Anything else may be advertising."""
    found = islice(dict.fromkeys(_outward_links(page, url)), MAX_LINKS)
    named = ((address, identify(address)) for address in found)
    return tuple(a for a, link in named if link.id and not sites_name.search(link.id))


def _outward_links(page: Selector, url: str) -> Iterator[str]:
    """Addresses of other hosts outside of the page's frame, none that visitors wrote."""
    host, visitors = urlsplit(url).netloc, by_visitors(page)
    for element in islice(page.root.iter("a"), MAX_LINKS * 10):
        address = absolute(url, (element.get("href") or "")[:MAX_ADDRESS])
        if address is None or urlsplit(address).netloc == host:
            continue
        if element not in visitors and next(element.iterancestors(*_FRAME), None) is None:
            yield address
