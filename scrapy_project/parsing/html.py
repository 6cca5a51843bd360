"""Reading HTML that may be anything: pure helpers for the sites' parse functions.

A page is never trusted to be small, well formed or in the encoding that it names. Queries have to
be linear in the page: libxml2 needs minutes for a sibling combinator (`p + div`) or for a comma
between selectors on a page of 20,000 elements; `:is(.a, .b)` and these helpers do not.
"""

from __future__ import annotations

import codecs
import html
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from lxml import etree  # type: ignore[import-untyped]
from parsel import Selector
from parsel.csstranslator import HTMLTranslator
from w3lib.encoding import (
    html_body_declared_encoding,
    http_content_type_encoding,
    read_bom,
    to_unicode,
)
from w3lib.html import remove_tags

from scrapy_project.parsing.profile import PageError

T = TypeVar("T")
MAX_TEXT = 500
MAX_RAW = 10_000  # characters of one text that are looked at
MAX_BYTES = 8 * 1024 * 1024  # of a page; real ones have a tenth of it
MAX_ELEMENTS = 2_000  # that one query gives; no page shows more of one person
MAX_PIECES = 50  # elements of one value
EMPTY = frozenset({"", "-", "n/a", "na", "none", "no data", "unknown", "not available"})
# Python's codecs that are no encoding of pages; some of them take quadratic time.
_NO_ENCODINGS = frozenset({"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"})
# Marks that turn the direction of writing, and characters without width: they only hide something.
_HIDDEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def document(body: bytes, content_type: str | None = None) -> Selector:
    """The page as a selector; raises `PageError` (field_missing, field_invalid) for bytes that hold
    no HTML or more than `MAX_BYTES`. Elements deeper than libxml2's 2,048 levels are not there."""
    if len(body) > MAX_BYTES:
        raise PageError("field_invalid", f"the page has more than {MAX_BYTES} bytes", "html")
    text = _text(body, content_type).replace("\x00", "")
    if "<" not in text:
        raise PageError("field_missing", "the answer is no HTML page", "html")
    return Selector(text=text, type="html", huge_tree=True)


def _text(body: bytes, content_type: str | None) -> str:
    """What is UTF-8 is read as UTF-8, whatever it says; else what the page or server declares."""
    bom, _ = read_bom(body)
    declared = bom or http_content_type_encoding(content_type) or html_body_declared_encoding(body)
    declared = declared if declared and _known(declared) else None
    if bom is None and not (declared and body.isascii()):
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return to_unicode(body, declared or "cp1252").lstrip("\ufeff")


def _known(encoding: str) -> bool:
    try:
        found = codecs.lookup(encoding)
    except (LookupError, ValueError):
        return False
    return found._is_text_encoding and found.name not in _NO_ENCODINGS


def clean(text: str | None) -> str | None:
    """HTML source as plain text: without tags and entities, and `tidy`."""
    if text is None:
        return None
    return tidy(html.unescape(remove_tags(text[:MAX_RAW])))


def tidy(text: str | None) -> str | None:
    """Plain text without control characters and doubled white space; None where nothing, or only a
    word for nothing ("n/a", "No data"), is left. What looks like a tag in it is text."""
    plain = _HIDDEN.sub("", (text or "")[:MAX_RAW])
    plain = "".join(c for c in plain if c.isspace() or unicodedata.category(c) not in ("Cc", "Cs"))
    plain = " ".join(plain.split())[:MAX_TEXT].strip()
    return None if not plain.strip("?") or plain.casefold() in EMPTY else plain


def text_of(selector: Selector, query: str) -> str | None:
    """The cleaned text of the first element that the CSS `query` finds; scripts are left out."""
    found = selector.css(query)
    return element_text(found[0]) if found else None


def text_besides(element: Selector, *others: Selector) -> str | None:
    """The text below one element but that of `others`, which lie in it; of one value only."""
    besides = frozenset(other.root for other in others)
    return tidy(" ".join(islice(_pieces(element.root, besides), MAX_ELEMENTS // 10)))


def element_text(element: Selector) -> str | None:
    """All text below one element, without scripts and styles."""
    return tidy(" ".join(texts_of(element)))


def text_behind(label: Selector, *ends: str) -> str | None:
    """The text after an element: up to the next label of its kind ("Label:"), to one of the tags
    `ends`, or to where its parent ends."""
    own = label.root
    pieces = [own.tail or ""]
    for element in islice(own.itersiblings("*"), MAX_PIECES):
        text = " ".join(islice(_pieces(element), MAX_PIECES))
        if element.tag in ends or (element.tag == own.tag and text.rstrip().endswith(":")):
            break
        pieces += [text, element.tail or ""]
    return tidy("".join(pieces))


def texts_of(element: Selector) -> list[str]:
    """The pieces of text below one element as they are, `MAX_ELEMENTS` at most."""
    return list(islice(_pieces(element.root), MAX_ELEMENTS))


def _pieces(root: Any, besides: Collection[Any] = frozenset()) -> Iterator[str]:
    """Piece by piece: an XPath would read all of a page for each of its nested elements."""
    left_out = 0
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        if event == "start":
            left_out += node in besides
            piece = None if node.tag in ("script", "style") else node.text
        else:
            left_out -= node in besides
            piece = None if node is root else node.tail
        if piece and not left_out:
            yield piece


def lines_of(element: Selector) -> list[str]:
    """The text below one element, line by line as `<br>` and blocks part it; scripts left out."""
    pieces: list[str] = []
    for event, node in etree.iterwalk(element.root, events=("start", "end", "comment", "pi")):
        if node.tag in _PARTING:
            pieces.append("\n")
        if event == "start":
            piece = None if node.tag in ("script", "style") else node.text
        else:
            piece = None if node is element.root else node.tail
        pieces += [re.sub(r"\s+", " ", piece)] if piece else []
        if len(pieces) >= MAX_ELEMENTS:
            break
    found = map(tidy, "".join(pieces).split("\n"))
    return [line for line in found if line]


_PARTING = frozenset({"br", "p", "div", "li", "ul", "ol", "tr", "td", "th", "dd", "dt"})


def without(page: Selector, *queries: str) -> Selector:
    """The page, which is changed, without the elements that any of the CSS `queries` finds; the
    text behind them stays."""
    for element in elements(page, *queries):
        if element.root.getparent() is not None:
            element.root.drop_tree()
    return page


def title_before(selector: Selector, *separators: str) -> str | None:
    """The page's <title> up to the first of `separators`."""
    title = text_of(selector, "title")
    if title is None:
        return None
    return tidy(re.split("|".join(map(re.escape, separators)), title, maxsplit=1)[0])


def elements(selector: Selector, *queries: str) -> list[Selector]:
    """The elements that any of the CSS `queries` finds, each once, in the page's order;
    `MAX_ELEMENTS` at most."""
    found = [_first(selector, query) for query in queries]
    if len(found) == 1:
        return found[0]
    every = {element.root: element for group in found for element in group}
    ordered = (every[node] for node in selector.root.iter() if node in every)
    return list(islice(ordered, MAX_ELEMENTS))


def _first(selector: Selector, query: str) -> list[Selector]:
    path = _TRANSLATOR.css_to_xpath(query)
    return list(selector.xpath(f"({path})[position() <= {MAX_ELEMENTS}]"))


_TRANSLATOR = HTMLTranslator()


def split_names(text: str | None, separators: str = r"[,/;]") -> tuple[str, ...]:
    """Names out of one plain text, each once, in order."""
    pieces: Iterable[str | None] = (tidy(p) for p in re.split(separators, text or ""))
    return tuple(dict.fromkeys(p for p in pieces if p))


def heads_say(selector: Selector, *words: str) -> bool:
    """Does the page's title or a heading say one of `words`? Running text may say anything."""
    heads = elements(selector, ":is(title, h1, h2)")
    return any(_says(element_text(head), words) for head in heads)


def empty_page(selector: Selector, field: str, page: str, *missing: str) -> PageError:
    """The error of a page on which `field` is not to be found: that nobody is there, where its
    text has one of the site's words for that (`missing`); else that the page has moved."""
    text = " ".join(" ".join(texts_of(selector)).split())
    if heads_say(selector, *missing) or _says(text, missing):
        return PageError("missing_page", f"{page}: the site says that nobody is there")
    return PageError("field_missing", f"{page} shows no {field}", field)


def _says(text: str | None, words: Iterable[str]) -> bool:
    folded = (text or "").casefold()
    return any(word.casefold() in folded for word in words)


def first_of(values: Iterable[T | None]) -> T | None:
    """The first value that is not empty."""
    return next((value for value in values if value), None)


def selector_of(node: Any) -> Selector:
    """An element of lxml as the selector that the other functions take."""
    return Selector(root=node, type="html")


def require(found: T | None, selector: Selector, field: str, page: str, *missing: str) -> T:
    """`found`, or the error of a page that shows no `field` (see `empty_page`)."""
    if not found:
        raise empty_page(selector, field, page, *missing)
    return found
