"""FreeOnes' photos: which of a gallery are whole, and which lie behind its lock.

A photo's address is `/photo/{signature}/{size and cut}/{path}`. The signature holds for that size
alone, so that addresses are never rewritten; the same path is the same photo.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from lxml import etree  # type: ignore[import-untyped]
from parsel import Selector

from scrapy_project.parsing import helpers as h

HOSTS: Final = re.compile(r"(thumbs|ch-thumbs|img)\.freeones\.com")
IMAGE: Final = re.compile(r"/.+\.(jpe?g|png|webp)", re.IGNORECASE)
SIGNED: Final = re.compile(r"/photo/[^/]+/")
CUT: Final = re.compile(r"[1-9]\d*x[1-9]\d*|\d+x\d+:\d+x\d+")
FITTED: Final = re.compile(r"(adaptive-|full-)?fit-in")  # the size is then a limit, no cut
# What may stand between the signature and the path.
SIZE: Final = re.compile(
    rf"{CUT.pattern}|{FITTED.pattern}|-?\d*x-?\d*|left|center|right|top|middle|bottom|smart"
    r"|filters:.*"
)
JSON_LD: Final = "script[type='application/ld+json']"
MAX_DEPTH: Final = 6  # of a gallery within the JSON-LD
LINKED: Final = "a[data-type='photo']::attr(href)"
# In classes: what lies behind the lock, and pictures beside the gallery.
LOCK: Final = re.compile(r"(?<![^\s_-])locked(?![^\s_-])|--blur(red)?(?!\S)")
BESIDE: Final = re.compile(r"(?<!\S)(dashboard-image-container|teaser)(?!\S)")
IN_STYLE: Final = re.compile(r"""url\(\s*['"]?(.+?)['"]?\s*\)\s*(?:[;,]|$)""")


def is_photo(address: str, url: str) -> bool:
    """Is it a picture of the site's own hosts?"""
    parsed = urlsplit(address)
    own = HOSTS.fullmatch(parsed.netloc) or parsed.netloc == urlsplit(url).netloc
    return bool(own and IMAGE.fullmatch(parsed.path))


def key_of(address: str) -> str:
    """The same for one photo in all its sizes."""
    return "/".join(_parts(address)[1])


def is_cut(address: str) -> bool:
    """Does the address name a size that cuts the photo?"""
    sizes = _parts(address)[0]
    return any(map(CUT.fullmatch, sizes)) and not any(map(FITTED.fullmatch, sizes))


def _parts(address: str) -> tuple[list[str], list[str]]:
    """Size and path, in their steps."""
    path = urlsplit(address).path
    signed = SIGNED.match(path)
    steps = path[signed.end() :].split("/") if signed else [path]
    place = next((n for n, step in enumerate(steps) if not SIZE.fullmatch(step)), 0)
    return steps[:place], steps[place:]


def whole_photos(page: Selector, url: str) -> dict[str, str]:
    """Key -> address of every photo that the page names whole, those behind the lock too."""
    found: dict[str, str] = {}
    for address in (*_listed(page, url), *h.addresses(page, url, LINKED)):
        if is_photo(address, url) and not is_cut(address):
            found.setdefault(key_of(address), address)
    return found


def open_photos(page: Selector, url: str) -> tuple[str, ...]:
    """The whole photos of a gallery in front of its lock.

    Where there is a lock, a photo has to be shown in front of it, be it as a cut: the JSON-LD names
    the others as well. With nothing shown, those that the lock doesn't name are taken.
    """
    photos = whole_photos(page, url)
    places = Places(page, url)
    allowed = photos.keys() - places.locked - places.sponsored
    if places.has_lock:
        named = bool(places.locked & photos.keys())
        allowed = (allowed & places.shown) or (allowed if named else set())
    return tuple(address for key, address in photos.items() if key in allowed)


def _listed(page: Selector, url: str) -> Iterator[str]:
    """The addresses of the first gallery in the page's JSON-LD."""
    for script in h.elements(page, JSON_LD):
        try:
            content = json.loads(script.root.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        for media in _galleries(content, MAX_DEPTH):
            values = (item.get("url") or item.get("contentUrl") for item in media)
            found = [h.absolute(url, value) for value in values if isinstance(value, str)]
            if any(found):
                yield from filter(None, found)
                return


def _galleries(content: Any, depth: int) -> Iterator[list[dict[str, Any]]]:
    if isinstance(content, dict) and depth and "ImageGallery" in _as_list(content.get("@type")):
        media = _as_list(content.get("associatedMedia"))
        yield [item for item in media if isinstance(item, dict)]
    if depth and isinstance(content, dict | list):
        for value in content.values() if isinstance(content, dict) else content:
            yield from _galleries(value, depth - 1)


def _as_list(value: Any) -> list[Any]:
    """JSON-LD leaves the list out around a value that stands alone."""
    return value if isinstance(value, list) else [value]


class Places:
    """Which photos (by key) a page shows in front of its lock, behind it, and as advertising."""

    def __init__(self, page: Selector, url: str) -> None:
        self.shown: set[str] = set()
        self.locked: set[str] = set()
        self.sponsored: set[str] = set()
        self.has_lock = False
        locks = sponsors = others = 0
        for event, element in etree.iterwalk(page.root, events=("start", "end")):
            step, classes = 1 if event == "start" else -1, element.get("class") or ""
            locks += step * bool(LOCK.search(classes))
            sponsors += step * (element.get("data-type") == "sponsor")
            others += step * bool(BESIDE.search(classes))
            if event == "start" and (locks or not others):
                self.has_lock |= locks > 0
                kept = self.locked if locks else self.sponsored if sponsors else self.shown
                kept.update(map(key_of, _mentioned(element, url)))


def _mentioned(element: Any, url: str) -> Iterator[str]:
    """The photos' addresses in any attribute of an element."""
    for value in element.attrib.values():
        if len(value) <= 5 * h.MAX_ADDRESS and "/" in value:
            for piece in IN_STYLE.findall(value) or value.split():
                address = h.absolute(url, piece.strip(","))
                if address is not None and is_photo(address, url):
                    yield address
