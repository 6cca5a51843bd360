"""Reading HTML that may be anything: pure helpers for the sites' parse functions."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import urljoin, urlsplit

from parsel import Selector
from w3lib.encoding import html_to_unicode
from w3lib.html import remove_tags, replace_escape_chars

from scrapy_project.profile import PageError

MAX_TEXT = 500
EMPTY = frozenset({"", "-", "n/a", "na", "none", "no data", "unknown", "?", "not available"})


def document(body: bytes, content_type: str | None = None) -> Selector:
    """The page as a selector; raises `PageError` (field_missing) for bytes that hold no HTML."""
    _, text = html_to_unicode(content_type, body, default_encoding="utf-8")
    if "<" not in text:
        raise PageError("field_missing", "the answer is no HTML page", "html")
    return Selector(text=text.replace("\x00", ""), type="html", huge_tree=True)


def clean(text: str | None) -> str | None:
    """Without tags, entities, control characters and doubled white space; None where nothing,
    or only a word for nothing ("n/a", "No data"), is left."""
    if text is None:
        return None
    plain = html.unescape(remove_tags(replace_escape_chars(text, replace_by=" ")))
    plain = "".join(c for c in plain if unicodedata.category(c) not in ("Cc", "Cs"))
    plain = " ".join(plain.split())[:MAX_TEXT].strip()
    return None if plain.casefold() in EMPTY else plain


def text_of(selector: Selector, query: str) -> str | None:
    """The cleaned text of the first element that the CSS `query` finds; scripts are left out."""
    found = selector.css(query)
    return element_text(found[0]) if found else None


def element_text(element: Selector) -> str | None:
    """All text below one element, without scripts and styles."""
    pieces = element.xpath(".//text()[not(ancestor::script or ancestor::style)]").getall()
    return clean(" ".join(html.escape(piece) for piece in pieces))


def title_before(selector: Selector, *separators: str) -> str | None:
    """The page's <title> up to the first of `separators`."""
    title = text_of(selector, "title")
    if title is None:
        return None
    return clean(re.split("|".join(map(re.escape, separators)), title, maxsplit=1)[0])


def required(value: str | None, field: str, page: str) -> str:
    """`value`, or a `PageError` (field_missing) that names the field: the page has moved."""
    if value is None:
        raise PageError("field_missing", f"{page} shows no {field}", field)
    return value


def addresses(selector: Selector, base: str, *queries: str) -> Iterator[str]:
    """Absolute http(s) URLs of the attributes that the CSS `queries` select (`img::attr(src)`),
    in the page's order, relative and protocol-less ones resolved against `base`."""
    for value in selector.css(", ".join(queries)).getall():
        address = absolute(base, value)
        if address is not None:
            yield address


def absolute(base: str, value: str) -> str | None:
    """None for anything that is no http(s) URL (javascript:, data:, garbage)."""
    try:
        address = urljoin(base, value.strip())
        parsed = urlsplit(address)
        usable = parsed.scheme in ("http", "https") and bool(parsed.hostname)
    except ValueError:
        return None
    return parsed._replace(fragment="").geturl() if usable else None


def split_names(text: str | None, separators: str = r"[,/;]") -> tuple[str, ...]:
    """Names out of one text, each once, in order."""
    pieces: Iterable[str | None] = (clean(p) for p in re.split(separators, text or ""))
    return tuple(dict.fromkeys(p for p in pieces if p))
