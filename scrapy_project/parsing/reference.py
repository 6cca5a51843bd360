"""What the parse functions of several reference sites share. Everything here is pure, and linear in
the page: the tree is walked once, without recursion."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from lxml import etree  # type: ignore[import-untyped]
from parsel import Selector
from pydantic import ValidationError

from scrapy_project.parsing.facts import says_nothing
from scrapy_project.parsing.html import absolute, clean, element_text
from scrapy_project.parsing.profile import Fact, PageError, Profile, Shot
from scrapy_project.parsing.visitors import by_visitors
from trainer.identity.links import identify

T = TypeVar("T")

MAX_ADDRESS = 2_000
MAX_PICTURES = 500  # addresses of one page; no source takes a tenth of it
MAX_LINKS = 500
MAX_LINES = 5_000
MAX_LINE = 100_000  # characters: lists of aliases are long
MAX_NAMES = 1_000
GARBLED = "\ufffd"  # what a decoder puts where bytes make no character
_PICTURE_ATTRIBUTES = ("src", "data-src", "data-original", "data-lazy-src", "href")
_SET_ATTRIBUTES = ("srcset", "data-srcset")
_UNSEEN = frozenset({"script", "style", "head", "template"})
_INLINE = re.compile(
    "a|abbr|b|bdi|bdo|big|cite|code|data|em|font|i|img|ins|label|mark|nobr|q|s|small|span|strong"
    "|sub|sup|time|tt|u|var|wbr"
)
# Another label than the ones asked for ends a value too.
_OTHER_LABEL = re.compile(r"(?:^|\s)[A-Z][\w()/']*\s?:(?=\s|$)")
_FRAME = ("footer", "header", "nav", "aside")  # the site's own links, the same on every page


def path_id(pattern: re.Pattern[str], address: str) -> str | None:
    """The group `id` of a performer's page at this site, in one spelling; None for other paths."""
    match = pattern.match(unquote(urlsplit(address).path))
    return match["id"].casefold() if match else None


def letters(text: str) -> str:
    """Letters and digits only, in lower case and without accents."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKD", text)).casefold()


def called_like_the_page(name: str, page_id: str | None) -> bool:
    """Is the page's id made of the name, or of it and a number (of a namesake)?"""
    own = re.sub(r"[-_]\d+$", "", page_id or "")
    return own != "" and letters(name) in (letters(own), letters(page_id or ""))


def first_heading(page: Selector, query: str, sites_own: re.Pattern[str]) -> str | None:
    """The first heading with a text that is not the site's own name."""
    for element in islice(page.css(query), 20):
        text = element_text(element)
        if text is not None and not sites_own.fullmatch(text):
            return text
    return None


def says_missing(page: Selector, words: re.Pattern[str], shown: bool) -> bool:
    """Does the page say in the site's own words that nobody is there? The title and the first
    heading are believed; any other text only where nothing of a person is `shown`."""
    heads = [*islice(page.css("title"), 1), *islice(page.css("h1"), 2)]
    if any(words.search(element_text(head) or "") for head in heads):
        return True
    return not shown and any(words.search(line) for line in lines(page))


def pictures(page: Selector, url: str, person: re.Pattern[str]) -> Iterator[str]:
    """Absolute addresses of what may be pictures, in the page's order, each once. Left out are what
    visitors wrote and what lies in a link to another performer's page: `person` is the pattern of
    such pages' paths, with the group `id`."""
    own, seen, visitors = path_id(person, url), set[str](), by_visitors(page)
    for element in page.root.iter("img", "source", "a"):
        if element in visitors or of_another(element, url, person, own):
            continue
        for value in picture_values(element):
            address = absolute(url, value) if len(value) <= MAX_ADDRESS else None
            if address is None or address in seen:
                continue
            seen.add(address)
            yield address
            if len(seen) >= MAX_PICTURES:
                return


def of_another(element: Any, url: str, person: re.Pattern[str], own: str | None) -> bool:
    """Does the element (of lxml) lie in a link to the page of another performer than `own`?"""
    anchor = element if element.tag == "a" else next(element.iterancestors("a"), None)
    address = (
        absolute(url, (anchor.get("href") or "")[:MAX_ADDRESS]) if anchor is not None else None
    )
    found = path_id(person, address) if address else None
    return found is not None and found != own


def picture_values(element: Any) -> Iterator[str]:
    """The addresses that an element (of lxml) names for its picture, lazy ones included."""
    for name in _PICTURE_ATTRIBUTES:
        if value := element.get(name):
            yield value.strip()
    for name in _SET_ATTRIBUTES:
        # A descriptor ("1200w,") gives an address as well: one that no site's pattern takes.
        for piece in (element.get(name) or "").split():
            yield re.sub(r"^[\d.]+[wx],", "", piece[: 2 * MAX_ADDRESS]).strip(",")


def known_links(page: Selector, url: str, sites_own: re.Pattern[str]) -> tuple[str, ...]:
    """Links to sites where `identify` finds a person named, outside of the page's frame (footer,
    header, navigation), none that visitors wrote and none of the site's own accounts. Anything else
    may be advertising."""
    host, found, visitors = urlsplit(url).netloc, dict[str, None](), by_visitors(page)
    for element in islice(page.root.iter("a"), MAX_LINKS * 10):
        address = absolute(url, (element.get("href") or "")[:MAX_ADDRESS])
        if address is None or address in found or urlsplit(address).netloc == host:
            continue
        if element not in visitors and next(element.iterancestors(*_FRAME), None) is None:
            found[address] = None
        if len(found) >= MAX_LINKS:
            break
    named = ((address, identify(address)) for address in found)
    return tuple(a for a, link in named if link.id and not sites_own.search(link.id))


def lines(page: Selector) -> list[str]:
    """The page's text as people see it: a line a block (paragraph, cell, `<br>`)."""
    found: list[str] = []
    pieces: list[str] = []
    hidden = 0

    def end_line() -> None:
        text = " ".join("".join(pieces)[:MAX_LINE].split())
        pieces.clear()
        if text:
            found.append(text)

    for event, element in etree.iterwalk(page.root, events=("start", "end", "comment", "pi")):
        if len(found) >= MAX_LINES:
            return found
        tag = element.tag if isinstance(element.tag, str) else None
        if event == "start":
            hidden += tag in _UNSEEN
            if tag and not _INLINE.fullmatch(tag):
                end_line()
            pieces.append(element.text or "" if not hidden else "")
            continue
        if event == "end":
            hidden -= tag in _UNSEEN
            if tag and not _INLINE.fullmatch(tag):
                end_line()
        pieces.append(element.tail or "" if not hidden else "")
    end_line()
    return found


def labelled(text: Sequence[str], labels: Sequence[str]) -> dict[str, str]:
    """What stands after `Label:` in `lines`: up to the next label, or the next line where nothing
    stands on the label's own. The first value of a label counts; one without is not there."""
    either = "|".join(map(re.escape, labels))
    mark = re.compile(rf"(?<!\w)({either})\s*:", re.IGNORECASE)
    found: dict[str, str] = {}
    waiting: str | None = None
    for line in text:
        before, *rest = mark.split(line)
        if waiting is not None and (value := _value(before)):
            found.setdefault(waiting, value)
        waiting = None
        for label, raw in zip(rest[::2], rest[1::2], strict=True):
            if value := _value(raw):
                found.setdefault(label.casefold(), value)
            waiting = None if raw.strip() else label.casefold()
    return found


def _value(text: str) -> str | None:
    """None for a word for nothing. Not shortened: a list must not end in half a name."""
    mine = _OTHER_LABEL.split(text, maxsplit=1)[0].strip(" \t-|;,·•")
    return mine if clean(html.escape(mine[:MAX_ADDRESS])) is not None else None


def names(text: str | None, besides: str) -> tuple[str, ...]:
    """Names out of one value, each once, in order, without the name `besides`."""
    pieces = (clean(html.escape(p)) for p in islice(re.split("[,/;]", text or ""), MAX_NAMES))
    found = dict.fromkeys(piece for piece in pieces if piece)
    return tuple(name for name in found if name.casefold() != besides.casefold())


class Reader:
    """Turns texts into facts, and keeps a note of each that is there and can't be read."""

    def __init__(self, values: dict[str, str]) -> None:
        """`values` by label in lower case, as `labelled` gives them."""
        self.values = values
        self.problems: list[Fact] = []

    def fact(self, field: str, label: str, read: Callable[[str], T | None]) -> T | None:
        text = self.values.get(label.casefold())
        if text is None:
            return None
        value = read(text)
        if value is None and not says_nothing(text):
            message = f"{label}: {text[:80]!r} is not understood"
            self.problems.append(Fact(field=field, message=message))
        return value


def profile(
    shots: Iterable[Shot],
    *,
    name: str,
    aliases: Iterable[str] = (),
    problems: Iterable[Fact] = (),
    **values: Any,
) -> Profile:
    """A Profile, with each picture once; an alias that was garbled goes to `problems`.

    Raises `PageError` (field_invalid) for a name that is none, and for a value that can't be one.
    """
    if GARBLED in name or not any(c.isalnum() or ord(c) > 0x2000 for c in name):
        raise PageError("field_invalid", f"{name[:80]!r} is no name", "name")
    others = list(aliases)
    unread = [not_understood("aliases", alias) for alias in others if GARBLED in alias]
    try:
        return Profile(
            name=name,
            aliases=tuple(alias for alias in others if GARBLED not in alias),
            shots=_once_each(shots),
            problems=(*problems, *unread),
            **values,
        )
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else None
        raise PageError("field_invalid", f"{field}: {first['msg']}", field) from None


def not_understood(field: str, text: str) -> Fact:
    """The note of a value that is there and can't be read."""
    return Fact(field=field, message=f"{text[:80]!r} is not understood")


def _once_each(shots: Iterable[Shot]) -> tuple[Shot, ...]:
    """By address; fallbacks of all its mentions, without pictures that are there anyway."""
    fallbacks: dict[str, dict[str, None]] = {}
    for shot in shots:
        fallbacks.setdefault(shot.url, {}).update(dict.fromkeys(shot.fallbacks))
    return tuple(
        Shot(url=url, fallbacks=tuple(f for f in others if f not in fallbacks))
        for url, others in fallbacks.items()
    )
