"""TheNude's images of a person: the head, and the covers of photo sets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from parsel import Selector

from scrapy_project.parsing import helpers as h
from trainer.identity.folding import APOSTROPHES, fold

IMAGES: Final = ("img::attr(src)", "img::attr(data-src)")
HEAD: Final = re.compile(r"/models/[^/]*_(?P<number>\d+)/medhead\.jpe?g", re.IGNORECASE)
COVER: Final = re.compile(r"/admin/covers/(?:.+/)?(?P<file>[^/]+)\.jpe?g", re.IGNORECASE)
SMALL: Final = "/medheads/"  # 266x400; without it, 520x782

WITHOUT_APOSTROPHES: Final = str.maketrans(dict.fromkeys(APOSTROPHES))


def find_images(
    page: Selector, url: str, number: str | None, names: list[str]
) -> Iterator[h.Image]:
    """The head that has the page's number, and covers whose file has the person's name in it:
    others are of other people."""
    spelled = (fold(name).translate(WITHOUT_APOSTROPHES) for name in names)
    wanted = {*map(hyphenated, names), *map(hyphenated, spelled)} - {""}
    for address in h.addresses(page, url, *IMAGES):
        path = unquote(h.path_of(address))
        if head := HEAD.fullmatch(path):
            if head["number"] == number:
                yield h.Image(url=address)
            continue
        cover = COVER.fullmatch(path)
        words = f"-{hyphenated(cover['file'])}-" if cover else ""
        if any(f"-{name}-" in words for name in wanted):
            full = h.with_path(address, h.path_of(address).replace(SMALL, "/", 1))
            yield h.Image(url=full, fallbacks=(address,) if full != address else ())


def hyphenated(text: str) -> str:
    """`Mira Okonedo-Vask` -> `mira-okonedo-vask`; anything else than letters and digits parts."""
    return "-".join(re.findall(r"[^\W_]+", fold(text)))
