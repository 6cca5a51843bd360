"""adultfilmdatabase.com: a performer's page by its number, with a headshot and gallery pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from parsel import Selector

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import helpers as h

NAME: Final = "h1.w3-opacity"
TITLE_ENDS: Final = "|"
TITLE_NUMBER: Final = re.compile(r"\s+\d+$")  # some titles end with the page's number
CO_STARS: Final = "a[actorthumb]"
SITES_NAME: Final = re.compile(r"adult\s*film\s*database|afdb(?:\.com)?", re.IGNORECASE)
MISSING: Final = re.compile(r"\b(?:page|actor|performer)\s+(?:was\s+)?not\s+found\b", re.IGNORECASE)
PERSON: Final = re.compile(r"/actor/(?:[^/]*-)?(?P<id>\d+)/?$", re.IGNORECASE)
# The two forms of a performer's address, as a link may have them.
ADDRESS: Final = re.compile(
    r"/(?:actor/(?:[^/?#]*-)?|actor\.cfm\?(?:[^#]*&)?actorid=)(?P<id>\d+)(?!\d)", re.IGNORECASE
)
HEADSHOT: Final = re.compile(r"/graphics/pornstars/.+\.(?:jpe?g|png)", re.IGNORECASE)
GALLERY: Final = re.compile(r"/graphics/galleries/.+\.(?:jpe?g|png)", re.IGNORECASE)
ALIASES: Final = "aka"
LABELS: Final = ("AKA", "Nationality", "Born")


def parse_page(body: bytes, url: str) -> h.Profile:
    """Return the profile of a performer's page. Raises `PageError`."""
    page = h.without(h.document(body), CO_STARS)
    unify_performer_links(page, url)
    images, texts = tuple(find_images(page, url)), h.labelled_lines(page, LABELS)
    if h.says_missing(page, MISSING, shown=bool(images or texts)):
        raise h.PageError("missing_page", f"{url}: the site says that nobody is there")
    name = h.require(find_name(page), page, "name", url)
    return h.profile(
        TITLE_NUMBER.sub("", name),
        texts,
        images=images,
        aliases=h.split_names(texts.get(ALIASES)),
        links=h.known_links(page, url, SITES_NAME),
    )


def find_name(page: Selector) -> str | None:
    """The heading's, else the title's. Another layout's title has no separator, the site's front
    page only the site's name."""
    before, separator, _ = (h.text_of(page, "title") or "").partition(TITLE_ENDS)
    for name in (h.text_of(page, NAME), before.strip() if separator else None):
        if name and not SITES_NAME.fullmatch(name):
            return name
    return None


def unify_performer_links(page: Selector, url: str) -> None:
    """Give links to performers' pages one form: the page's own becomes `url`, the others end in a
    number, so that images in them are known to show other people."""
    own = ADDRESS.search(url)
    for anchor in page.root.iter("a"):
        address = h.absolute(url, anchor.get("href") or "") or ""
        person = ADDRESS.search(address)
        if person is not None and urlsplit(address).netloc == urlsplit(url).netloc:
            is_own = own is not None and own["id"] == person["id"]
            anchor.set("href", url if is_own else f"/actor/{person['id']}/")


def find_images(page: Selector, url: str) -> Iterator[h.Image]:
    """The headshot first, then the gallery."""
    found = list(h.own_images(page, url, PERSON))
    for rule in (HEADSHOT, GALLERY):
        yield from (h.Image(url=a) for a in found if rule.fullmatch(h.path_of(a)))


class AfdbSpider(ProfileSpider):
    name = "afdb"
    parse_page = staticmethod(parse_page)
