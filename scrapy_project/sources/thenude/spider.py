"""thenude.com: a person's page with the covers of her photo sets."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

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
    text_of,
    tidy,
)
from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.profile import Profile, Shot
from trainer.identity.folding import fold

MISSING: Final = ("Page Not Found",)
NAMES: Final = (".model-name", "h1", "title")
AFTER_NAME: Final = re.compile(r"(\s+nude\b|\s+[-|]\s).*|\|.*", re.IGNORECASE)
ADDRESS: Final = re.compile(r"/(?P<name>[^/]+)_\d+\.html?", re.IGNORECASE)
FACTS: Final = "span.list-quest"  # <li><span class="list-quest">Label:</span> text</li>
ALIASES: Final = "meta[itemprop='additionalName']"
NATIONALITY: Final = "[itemprop='nationality']"
LINKS: Final = "a[rel~='nofollow']::attr(href)"
PICTURES: Final = ("img::attr(src)", "img::attr(data-src)")
PICTURE: Final = re.compile(r"/admin/covers/.+\.jpe?g", re.IGNORECASE)
HEADS: Final = "/medheads/"  # 266x400; without it, 520x782


def parse_page(body: bytes, url: str) -> Profile:
    page = document(body)
    in_address = ADDRESS.fullmatch(urlsplit(url).path)
    listed = tidy(unquote(in_address["name"])) if in_address else None
    shown = shown_name(page)
    shots = pictures(page, url, [n for n in (listed, shown) if n])
    texts = facts(page)
    name = shown or (listed if shots else None)
    if heads_say(page, *MISSING) or not (elements(page, FACTS) or shots):
        raise empty_page(page, "covers", url, *MISSING)
    if name is None:
        raise empty_page(page, "name", url)
    also = [tidy(meta.root.get("content")) for meta in elements(page, ALIASES)]
    return biography.profile(
        name,
        texts,
        shots=shots,
        aliases=[*filter(None, also)],
        links=outside(page, url, LINKS),
    )


def shown_name(page: Selector) -> str | None:
    texts = (tidy(AFTER_NAME.sub("", text_of(page, query) or "")) for query in NAMES)
    return next((text for text in texts if text), None)


def facts(page: Selector) -> dict[str, str]:
    """The text behind each label, and the nationality, which is marked up."""
    marked = [("nationality", element_text(element)) for element in elements(page, NATIONALITY)]
    return biography.labelled(
        marked + [(element_text(label), behind(label)) for label in elements(page, FACTS)]
    )


def behind(label: Selector) -> str | None:
    """The text after an element, or that of the next element where there is none."""
    follower = label.root.getnext()
    return tidy(label.root.tail) or (
        element_text(Selector(root=follower, type="html")) if follower is not None else None
    )


def pictures(page: Selector, url: str, names: list[str]) -> tuple[Shot, ...]:
    """Covers whose address has the person's name in it: others are of other people."""
    wanted = {hyphenated(name) for name in names} - {""}
    found: dict[str, list[str]] = {}
    for address in addresses(page, url, *PICTURES):
        path = urlsplit(address).path
        words = f"-{hyphenated(unquote(path))}-"
        if not PICTURE.fullmatch(path) or not any(f"-{name}-" in words for name in wanted):
            continue
        whole = urlsplit(address)._replace(path=path.replace(HEADS, "/", 1)).geturl()
        ways = found.setdefault(whole, [])
        if whole != address and address not in ways:
            ways.append(address)
    return tuple(Shot(url=full, fallbacks=tuple(ways)) for full, ways in found.items())


def hyphenated(text: str) -> str:
    """`Mira Okonedo-Vask` -> `mira-okonedo-vask`; anything else than letters and digits parts."""
    return "-".join(re.findall(r"[^\W_]+", fold(text)))


class ThenudeSpider(ProfileSpider):
    name = "thenude"
    parse_page = staticmethod(parse_page)
