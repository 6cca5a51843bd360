"""adultfilmdatabase.com: a performer's page by its number, with a headshot and gallery pictures."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from parsel import Selector

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing.facts import country, fuzzy_date
from scrapy_project.parsing.html import absolute, document, required, text_of, without
from scrapy_project.parsing.profile import PageError, Profile, Shot
from scrapy_project.parsing.reference import (
    Reader,
    known_links,
    labelled,
    lines,
    names,
    pictures,
    profile,
    says_missing,
)

NAME = "h1.w3-opacity"
TITLE_ENDS = "|"
OTHERS = "a[actorthumb]"  # people who worked with the person
SITES_OWN = re.compile(r"adult\s*film\s*database|afdb(?:\.com)?", re.IGNORECASE)
MISSING = re.compile(r"\b(?:page|actor|performer)\s+(?:was\s+)?not\s+found\b", re.IGNORECASE)
PERSON = re.compile(r"/actor/(?:[^/]*-)?(?P<id>\d+)/?$", re.IGNORECASE)
# The two forms of a performer's address, as a link may have them.
ADDRESS = re.compile(
    r"/(?:actor/(?:[^/?#]*-)?|actor\.cfm\?(?:[^#]*&)?actorid=)(?P<id>\d+)(?!\d)", re.IGNORECASE
)
HEADSHOT = re.compile(r"/graphics/pornstars/.+\.(?:jpe?g|png)", re.IGNORECASE)
GALLERY = re.compile(r"/graphics/galleries/.+\.(?:jpe?g|png)", re.IGNORECASE)
LABELS = ("AKA", "Nationality", "Born")
TITLE_NUMBER = re.compile(r"\s+\d+$")  # some titles end with the page's number


def parse_page(body: bytes, url: str) -> Profile:
    """A performer's page. Raises `PageError`."""
    page = without(document(body), OTHERS)
    _in_one_form(page, url)
    shots = _shots(list(pictures(page, url, PERSON)))
    reader = Reader(labelled(lines(page), LABELS))
    if says_missing(page, MISSING, shown=bool(shots or reader.values)):
        raise PageError("missing_page", f"{url}: the site says that nobody is there")
    name = TITLE_NUMBER.sub("", required(_name(page), "name", url))
    return profile(
        name=name,
        aliases=names(reader.values.get("aka"), besides=name),
        birth_date=reader.fact("birth_date", "Born", fuzzy_date),
        country=reader.fact("country", "Nationality", country),
        links=known_links(page, url, SITES_OWN),
        shots=shots,
        problems=tuple(reader.problems),
    )


def _name(page: Selector) -> str | None:
    """The heading's, else the title's. Another layout's title has no separator, the site's front
    page only the site's name."""
    before, separator, _ = (text_of(page, "title") or "").partition(TITLE_ENDS)
    for name in (text_of(page, NAME), before.strip() if separator else None):
        if name and not SITES_OWN.fullmatch(name):
            return name
    return None


def _in_one_form(page: Selector, url: str) -> None:
    """Links to performers' pages, of which the page's own is `url` and the others end in a number,
    so that pictures in them are known to be of others."""
    own = ADDRESS.search(url)
    for anchor in page.root.iter("a"):
        address = absolute(url, anchor.get("href") or "") or ""
        person = ADDRESS.search(address)
        if person is not None and urlsplit(address).netloc == urlsplit(url).netloc:
            mine = own is not None and own["id"] == person["id"]
            anchor.set("href", url if mine else f"/actor/{person['id']}/")


def _shots(found: list[str]) -> tuple[Shot, ...]:
    """The headshot first, then the gallery."""
    return tuple(
        Shot(url=address)
        for rule in (HEADSHOT, GALLERY)
        for address in found
        if rule.fullmatch(urlsplit(address).path)
    )


class AfdbSpider(ProfileSpider):
    name = "afdb"
    parse_page = staticmethod(parse_page)
