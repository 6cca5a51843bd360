"""Addresses in a page: absolute, of one host or of others, none of what visitors wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

from parsel import Selector
from w3lib.url import safe_url_string

from scrapy_project.parsing.html import elements
from scrapy_project.parsing.visitors import by_visitors

MAX_ADDRESS = 2_000


def addresses(selector: Selector, base: str, *queries: str) -> Iterator[str]:
    """Absolute http(s) URLs of the attributes that the CSS `queries` select (`img::attr(src)`),
    in the page's order, relative and protocol-less ones resolved against `base`; none of what the
    site's visitors wrote: their links and pictures are nobody's."""
    wanted = [_read_query(query) for query in queries]
    visitors = by_visitors(selector)
    names = list(dict.fromkeys(match["name"] for match in wanted))
    for element in elements(selector, *(match["css"] for match in wanted)):
        for name in names if element.root not in visitors else ():
            address = absolute(base, element.root.get(name) or "")
            if address is not None:
                yield address


_ATTRIBUTE = re.compile(r"(?P<css>.+)::attr\((?P<name>[\w-]+)\)")


def _read_query(query: str) -> re.Match[str]:
    """The `css` and the `name` of a query. Raises `ValueError`."""
    match = _ATTRIBUTE.fullmatch(query)
    if match is None:
        raise ValueError(f"{query} has to end in ::attr(name)")
    return match


def absolute(base: str, value: str) -> str | None:
    """None for anything that is no http(s) URL (javascript:, data:, garbage), for one with a
    password in it, and for one of more than `MAX_ADDRESS` characters."""
    value = value.strip()
    if not value or len(value) > MAX_ADDRESS:
        return None
    try:
        address = safe_url_string(urljoin(base, value))
        parsed = urlsplit(address)
        usable = parsed.scheme in ("http", "https") and bool(parsed.hostname)
        usable = usable and "@" not in parsed.netloc and parsed.port != 0
    except ValueError:
        return None
    return parsed._replace(fragment="").geturl() if usable else None


def outside(selector: Selector, base: str, *queries: str) -> tuple[str, ...]:
    """Those of `addresses` that lead to another host than the page's, each once."""
    found = addresses(selector, base, *queries)
    return tuple(dict.fromkeys(a for a in found if host_of(a) != host_of(base)))


def host_of(url: str) -> str:
    """Host and port, without a leading `www.`."""
    return urlsplit(url).netloc.removeprefix("www.")


def path_of(url: str) -> str:
    """The path as it is written, percent signs included."""
    return urlsplit(url).path


def with_path(url: str, path: str) -> str:
    """The URL with another path; its query stays."""
    return urlsplit(url)._replace(path=path).geturl()
