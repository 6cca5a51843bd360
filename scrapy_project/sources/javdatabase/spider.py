"""javdatabase.com: an idol's page with a portrait."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from scrapy_project.facts import country, fuzzy_date, hair_color, height_cm
from scrapy_project.html import document, required
from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.profile import PageError, Profile, Shot
from scrapy_project.reference import (
    Reader,
    first_heading,
    known_links,
    labelled,
    lines,
    names,
    path_id,
    pictures,
    profile,
    says_missing,
)

NAME = "h1"
NAME_ENDS = re.compile(r"\s*-\s*JAV\b.*$|(?:\s+(?:JAV|Biography|Profile|Movies|Videos))+$", re.I)
SITES_OWN = re.compile(r"jav\s*database(?:\.com)?", re.IGNORECASE)
MISSING = re.compile(r"\b(?:page|idol) not found\b|^(?:\W*404\W*)?not found\b", re.IGNORECASE)
PERSON = re.compile(r"/idols/(?P<id>[^/]+)(?:/|$)", re.IGNORECASE)
PICTURE = re.compile(
    r"/idolimages/(?:full|thumb)/(?:[^/]+/)*(?P<file>[^/]+\.(?:webp|jpe?g|png))", re.IGNORECASE
)
THUMB, FULL = "/idolimages/thumb/", "/idolimages/full/"
LABELS = (
    *("JP", "DOB", "Debut", "Birthplace", "Sign", "Blood", "Measurements", "Cup", "Height"),
    *("Shoe Size", "Hair Length(s)", "Hair Color(s)", "Tags"),
)


def parse_page(body: bytes, url: str) -> Profile:
    """An idol's page. Raises `PageError`."""
    page = document(body)
    shots = _shots(list(pictures(page, url, PERSON)), path_id(PERSON, url))
    reader = Reader(labelled(lines(page), LABELS))
    if says_missing(page, MISSING, shown=bool(shots or reader.values)):
        raise PageError("missing_page", f"{url}: the site says that nobody is there")
    heading = required(first_heading(page, NAME, SITES_OWN), "name", url)
    name = NAME_ENDS.sub("", heading) or heading
    return profile(
        name=name,
        aliases=names(reader.values.get("jp"), besides=name),
        birth_date=reader.fact("birth_date", "DOB", fuzzy_date),
        country=reader.fact("country", "Birthplace", country),
        height_cm=reader.fact("height_cm", "Height", height_cm),
        hair_color=reader.fact("hair_color", "Hair Color(s)", hair_color),
        links=known_links(page, url, SITES_OWN),
        shots=shots,
        problems=tuple(reader.problems),
    )


def _shots(found: list[str], own: str | None) -> tuple[Shot, ...]:
    """Only pictures that are called like the page: others are of other idols. Full size first."""
    shots = []
    for address in found:
        match = PICTURE.fullmatch(urlsplit(address).path)
        if match and own and _is_of(match["file"], own):
            full, thumb = address.replace(THUMB, FULL, 1), address.replace(FULL, THUMB, 1)
            shots.append(Shot(url=full, fallbacks=(thumb,)))
    return tuple(shots)


def _is_of(file: str, own: str) -> bool:
    """`mira-2.webp` is of mira; `miranda.webp` is not."""
    return re.match(rf"{re.escape(own)}(?![^\W\d_])", unquote(file).casefold()) is not None


class JavdatabaseSpider(ProfileSpider):
    name = "javdatabase"
    parse_page = staticmethod(parse_page)
