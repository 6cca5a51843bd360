"""freeones.com: `/<slug>/photos` with its galleries, and `/<slug>/bio` with the facts."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from parsel import Selector

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import helpers as h
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


def parse_page(body: bytes, url: str) -> h.Profile:
    """Return the profile of `/photos` (galleries) or of `/bio` (facts); both have name and gender.
    Raises `PageError`."""
    page = h.document(body)
    more, texts = find_galleries(page, url), bio.find_facts(page)
    shown = not h.heads_say(page, *MISSING) and (more or texts or h.elements(page, PARTS))
    h.require(shown, page, "photos", url, *MISSING)
    name, gender = find_name_and_gender(page)
    on_bio = steps_of(url)[1:] == ["bio"]
    return h.profile(
        h.require(name, page, "name", url),
        texts,
        # A cut of one of the photos: the only picture where there are no galleries.
        images=() if more or on_bio else head_image(page, url),
        aliases=bio.find_aliases(page, texts),
        links=bio.find_links(page, url),
        more_pages=more[:GALLERIES],
        gender=gender,
    )


def parse_more(body: bytes, url: str) -> tuple[h.Image, ...]:
    """A gallery's photos. Raises `PageError` where it names none, be it behind the lock."""
    steps = steps_of(url)
    if len(steps) != 3 or steps[1] != "photos":
        raise h.PageError("missing_page", f"{url} is no gallery of one person")
    page = h.document(body)
    shown = not h.heads_say(page, *MISSING) and whole_photos(page, url)
    h.require(shown, page, "photos", url, *MISSING)
    return tuple(h.Image(url=address) for address in open_photos(page, url))


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


def find_name_and_gender(page: Selector) -> tuple[str | None, str | None]:
    """Name and gender; the gender is the title of an icon that stands in the heading."""
    name, icon = None, None
    for head in page.css(NAME)[:1]:
        icons = h.elements(head, ICON)
        name = h.text_besides(head, *icons)
        icon = IDENTIFIES.search(" | ".join(filter(None, map(h.element_text, icons))))
    name = h.tidy(AFTER_NAME.sub("", name or h.title_before(page, *TITLE_ENDS) or ""))
    return name, h.gender(icon["gender"]) if icon else None


def find_galleries(page: Selector, url: str) -> tuple[str, ...]:
    """`/<slug>/photos/<gallery>` of this person only."""
    slug = steps_of(url)[:1]
    found = (a for a in h.addresses(page, url, "a::attr(href)") if h.host_of(a) == h.host_of(url))
    return tuple(
        dict.fromkeys(
            urlsplit(address)._replace(query="").geturl()
            for address in found
            if len(steps := steps_of(address)) == 3 and steps[:2] == [*slug, "photos"]
        )
    )


def head_image(page: Selector, url: str) -> tuple[h.Image, ...]:
    """The portrait above the tabs of a person's page."""
    return tuple(h.Image(url=a) for a in h.addresses(page, url, HEAD) if is_photo(a, url))


class FreeonesSpider(ProfileSpider):
    name = "freeones"
    parse_page = staticmethod(parse_page)
    parse_more = staticmethod(parse_more)
    facts_page = staticmethod(facts_page)
