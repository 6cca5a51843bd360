"""TheNude's pictures of a person: the head, and the covers of photo sets."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from parsel import Selector

from scrapy_project.parsing.html import addresses
from scrapy_project.parsing.profile import Shot
from trainer.identity.folding import APOSTROPHES, fold

PICTURES: Final = ("img::attr(src)", "img::attr(data-src)")
HEAD: Final = re.compile(r"/models/[^/]*_(?P<number>\d+)/medhead\.jpe?g", re.IGNORECASE)
COVER: Final = re.compile(r"/admin/covers/(?:.+/)?(?P<file>[^/]+)\.jpe?g", re.IGNORECASE)
SMALL: Final = "/medheads/"  # 266x400; without it, 520x782

WITHOUT_APOSTROPHES: Final = str.maketrans(dict.fromkeys(APOSTROPHES))


def pictures(page: Selector, url: str, number: str | None, names: list[str]) -> tuple[Shot, ...]:
    """The head that has the page's number, and covers whose file has the person's name in it:
    others are of other people."""
    spelled = (fold(name).translate(WITHOUT_APOSTROPHES) for name in names)
    wanted = {*map(hyphenated, names), *map(hyphenated, spelled)} - {""}
    found: dict[str, list[str]] = {}
    for address in addresses(page, url, *PICTURES):
        path = unquote(urlsplit(address).path)
        if head := HEAD.fullmatch(path):
            if head["number"] == number:
                found.setdefault(address, [])
            continue
        cover = COVER.fullmatch(path)
        words = f"-{hyphenated(cover['file'])}-" if cover else ""
        if not any(f"-{name}-" in words for name in wanted):
            continue
        whole = urlsplit(address)._replace(path=urlsplit(address).path.replace(SMALL, "/", 1))
        ways = found.setdefault(whole.geturl(), [])
        if whole.geturl() != address and address not in ways:
            ways.append(address)
    return tuple(Shot(url=full, fallbacks=tuple(ways)) for full, ways in found.items())


def hyphenated(text: str) -> str:
    """`Mira Okonedo-Vask` -> `mira-okonedo-vask`; anything else than letters and digits parts."""
    return "-".join(re.findall(r"[^\W_]+", fold(text)))
