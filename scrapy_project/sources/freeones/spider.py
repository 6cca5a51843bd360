"""freeones.com: `/<slug>/photos` with its galleries, and `/<slug>/bio` with the facts."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from parsel import Selector

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import biography, facts
from scrapy_project.parsing.html import (
    addresses,
    document,
    element_text,
    elements,
    empty_page,
    heads_say,
    text_besides,
    tidy,
    title_before,
)
from scrapy_project.parsing.profile import PageError, Profile, Shot
from scrapy_project.sources.freeones import bio
from scrapy_project.sources.freeones.photos import is_photo, open_photos, whole_photos

MISSING: Final = ("Page Not Found",)
NAME: Final = "h1"
ICON: Final = ":is(svg, title)"  # in the heading
IDENTIFIES: Final = re.compile(r"\bidentifies as (?:an? )?(?P<gender>[^.,;|]+)", re.IGNORECASE)
TITLE_ENDS: Final = (" - ", " | ", "|")
AFTER_NAME: Final = re.compile(
    r"('s)?\s+(nude\s+)?(photos|pictures|images|galler(y|ies)|pics|bio|biography|profile)\b.*",
    re.IGNORECASE,
)
LANGUAGE: Final = re.compile("[a-z]{2}(-[a-z]{2})?")
GALLERIES: Final = 5
# What a person's page has even where nothing is known of her.
PARTS: Final = (
    ":is(.dashboard-image-container, .profile-meta-list, .timeline-horizontal,"
    " [data-test='teaser-gallery'])"
)
HEAD: Final = ".dashboard-image-container img::attr(src)"


def parse_page(body: bytes, url: str) -> Profile:
    """Of `/photos` the galleries, of `/bio` the facts; both have name and gender."""
    page = document(body)
    more, texts = galleries(page, url), bio.facts(page)
    if heads_say(page, *MISSING) or not (more or texts or elements(page, PARTS)):
        raise empty_page(page, "photos", url, *MISSING)
    name, gender = heading(page)
    if name is None:
        raise empty_page(page, "name", url)
    on_bio = steps_of(url)[1:] == ["bio"]
    return biography.profile(
        name,
        texts,
        # A cut of one of the photos: the only picture where there are no galleries.
        shots=() if more or on_bio else head_picture(page, url),
        aliases=bio.aliases(page, texts),
        links=bio.links(page, url),
        more_pages=more[:GALLERIES],
        gender=gender,
    )


def parse_more(body: bytes, url: str) -> tuple[Shot, ...]:
    """A gallery's photos. Raises `PageError` where it names none, be it behind the lock."""
    steps = steps_of(url)
    if len(steps) != 3 or steps[1] != "photos":
        raise PageError("missing_page", f"{url} is no gallery of one person")
    page = document(body)
    if heads_say(page, *MISSING) or not whole_photos(page, url):
        raise empty_page(page, "photos", url, *MISSING)
    return tuple(Shot(url=address) for address in open_photos(page, url))


def facts_page(url: str) -> str | None:
    """The page with the facts of the person whose page `url` is."""
    steps = steps_of(url)
    if not steps or steps[1:] == ["bio"]:
        return None
    parsed = urlsplit(url)
    slug = next(step for step in parsed.path.split("/") if unquote(step).casefold() == steps[0])
    return parsed._replace(path=f"/{slug}/bio", query="", fragment="").geturl()


def steps_of(url: str) -> list[str]:
    """A path without its language: `/de/orla-veit/photos` -> orla-veit, photos."""
    steps = [unquote(step).casefold() for step in urlsplit(url).path.split("/") if step]
    return steps[1:] if len(steps) > 1 and LANGUAGE.fullmatch(steps[0]) else steps


def heading(page: Selector) -> tuple[str | None, str | None]:
    """Name and gender; the gender is the title of an icon that stands in the heading."""
    name, said = None, None
    for head in page.css(NAME)[:1]:
        icons = elements(head, ICON)
        name = text_besides(head, *icons)
        said = IDENTIFIES.search(" | ".join(filter(None, map(element_text, icons))))
    name = tidy(AFTER_NAME.sub("", name or title_before(page, *TITLE_ENDS) or ""))
    return name, facts.gender(said["gender"]) if said else None


def galleries(page: Selector, url: str) -> tuple[str, ...]:
    """`/<slug>/photos/<gallery>` of this person only."""
    slug = steps_of(url)[:1]
    found = (a for a in addresses(page, url, "a::attr(href)") if _same_host(a, url))
    return tuple(
        dict.fromkeys(
            urlsplit(address)._replace(query="").geturl()
            for address in found
            if len(steps := steps_of(address)) == 3 and steps[:2] == [*slug, "photos"]
        )
    )


def _same_host(address: str, url: str) -> bool:
    own = urlsplit(url).netloc.removeprefix("www.")
    return urlsplit(address).netloc.removeprefix("www.") == own


def head_picture(page: Selector, url: str) -> tuple[Shot, ...]:
    return tuple(Shot(url=a) for a in addresses(page, url, HEAD) if is_photo(a, url))


class FreeonesSpider(ProfileSpider):
    name = "freeones"
    parse_page = staticmethod(parse_page)
    parse_more = staticmethod(parse_more)
    facts_page = staticmethod(facts_page)
