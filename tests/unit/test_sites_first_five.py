"""A look-alike's page, parsed, is the person; every picture on it leads to the right one."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest

from demo.world.people import identifier, population
from demo.world.site import Appearance, ShotReply
from demo.world.sites import all_sites
from scrapy_project.profile import PageError, Profile
from tests.recorded.test_recorded_pages import spider_of

BASE = "http://127.0.0.1:9999"
PEOPLE = {person.key: person for person in population(1)}
# What a site's page says of a person, besides the name.
COMMON = {"birth_date", "country", "ethnicity"}
LOOKS = {"height_cm", "hair_color"}
SAYS = {
    "babepedia": COMMON | LOOKS | {"aliases", "eye_color", "death_date", "career_start_year"},
    "iafd": COMMON | LOOKS | {"aliases", "gender", "death_date", "career_start_year"},
    "freeones": COMMON,
    "boobpedia": COMMON | LOOKS | {"aliases", "eye_color", "death_date", "career_start_year"},
    "thenude": COMMON | LOOKS | {"aliases"},
}
THUMBS = {"babepedia": 200, "freeones": 240, "thenude": 266}
PATHS = {
    "babepedia": "/babe/{slug}",
    "iafd": "/person.rme/perfid={slug}/Some-Name.htm",
    "freeones": "/{slug}/photos",
    "boobpedia": "/boobs/{slug}",
    "thenude": "/{name}_{slug}.htm",
}


def slug_of(key: str, name: str) -> str:
    if key == "thenude":
        return "4711"
    return name.replace(" ", "_") if key in ("babepedia", "boobpedia") else "some-slug"


def visit(key: str, who: str) -> tuple[Profile, list, object]:
    """The profile, its pictures with those of the galleries, and the site."""
    person = PEOPLE[who]
    slug = slug_of(key, person.name)
    shown = Appearance(person, slug, person.name, person.pictures)
    site = all_sites()[key]({slug: shown})
    spider = spider_of(key)
    path = PATHS[key].format(slug=quote(slug), name=quote(person.name, safe=""))
    reply = site.page(path)
    assert reply is not None
    assert reply.status == 200
    profile = spider.parse_page(reply.html.encode(), BASE + path)
    shots = list(profile.shots)
    for more in profile.more_pages:
        gallery = site.page(urlsplit(more).path)
        assert gallery is not None
        shots += spider.parse_more(gallery.html.encode(), more)
    return profile, shots, site


@pytest.mark.parametrize("key", SAYS)
@pytest.mark.parametrize("who", ["mira", "linnea", "anselm", "priyanvada", "dorian"])
def test_a_look_alikes_page_is_the_person(key, who):
    profile, shots, site = visit(key, who)
    person = PEOPLE[who]
    assert profile.name == person.name
    assert profile.problems == ()
    for field in SAYS[key]:
        wanted = getattr(person, "height" if field == "height_cm" else field)
        assert getattr(profile, field) == wanted, field
    # As many galleries are opened as the site allows.
    shown = person.pictures[: 2 + 5 * 4] if key == "freeones" else person.pictures
    assert [site.picture(urlsplit(shot.url).path) for shot in shots] == [
        ShotReply(picture) for picture in shown
    ]
    for shot, picture in zip(shots, shown, strict=True):
        small = [site.picture(urlsplit(way).path) for way in shot.fallbacks]
        if key in THUMBS:
            assert small == [ShotReply(picture, THUMBS[key])]
    if key != "freeones":
        own = {link.url for link in person.links if link.site != "iafd" or key != "iafd"}
        assert set(profile.links) == own


@pytest.mark.parametrize("key", SAYS)
def test_nobody_is_missing_and_another_path_is_no_page(key):
    site = all_sites()[key]({})
    path = PATHS[key].format(slug="999", name="Nobody")
    reply = site.page(path)
    assert reply is not None
    with pytest.raises(PageError) as error:
        spider_of(key).parse_page(reply.html.encode(), BASE + path)
    assert error.value.kind == "missing_page"
    assert site.page("/robots.txt") is None
    assert site.picture("/robots.txt") is None


def test_iafd_has_the_same_page_under_both_forms():
    shown = Appearance(PEOPLE["mira"], "mira", "Mira Okonedo-Vask", ())
    site = all_sites()["iafd"]({"mira": shown})
    assert site.page("/person.rme/perfid=mira/gender=f/M.htm") == site.page(
        f"/person.rme/id={identifier('iafd', 'mira')}"
    )
