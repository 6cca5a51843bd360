"""A look-alike's page, parsed, is the person; every picture on it leads to the right one."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from demo.world.people import identifier, population
from demo.world.site import Appearance, ShotReply
from demo.world.sites import all_sites
from scrapy_project.parsing.profile import PageError, Profile
from tests.recorded.test_recorded_pages import spider_of
from trainer.config.sources import load_sources

BASE = "http://127.0.0.1:9999"
PEOPLE = {person.key: person for person in population(1)}
# What a site's page says of a person, besides the name.
COMMON = {"birth_date", "country", "ethnicity"}
LOOKS = {"height_cm", "hair_color"}
SAYS = {
    "babepedia": COMMON | LOOKS | {"aliases", "eye_color", "death_date", "career_start_year"},
    "iafd": COMMON | LOOKS | {"aliases", "gender", "death_date", "career_start_year"},
    "freeones": COMMON
    | LOOKS
    | {"aliases", "eye_color", "gender", "death_date", "career_start_year", "career_end_year"},
    "boobpedia": COMMON | LOOKS | {"aliases", "eye_color", "death_date", "career_start_year"},
    "thenude": COMMON | LOOKS | {"aliases", "gender", "career_start_year", "career_end_year"},
}
THUMBS = {"babepedia": 200, "thenude": 266}
OWN_PAGES = {"thenude": {"twitter", "instagram", "freeones"}}  # links that the site shows at all
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


def visit(key: str, who: str) -> tuple[Profile, list, Any]:
    """The profile with the facts of another page, its pictures with those of the galleries, and the
    site."""
    person = PEOPLE[who]
    slug = slug_of(key, person.name)
    shown = Appearance(person, slug, person.name, person.images)
    site = all_sites()[key]({slug: shown})
    spider = spider_of(key)
    path = PATHS[key].format(slug=quote(slug), name=quote(person.name, safe=""))
    reply = site.page(path)
    assert reply is not None
    assert reply.status == 200
    profile = spider.parse_page(reply.html.encode(), BASE + path)
    if spider.facts_page is not None:
        address = spider.facts_page(BASE + path)
        assert address is not None
        facts = site.page(urlsplit(address).path)
        assert facts is not None
        profile = profile.completed_by(spider.parse_page(facts.html.encode(), address))
    shots = list(profile.images)
    for more in profile.more_pages:
        gallery = site.page(urlsplit(more).path)
        assert gallery is not None and spider.parse_more is not None
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
    shown = person.images[: 5 * 4] if key == "freeones" else person.images
    assert [site.image(urlsplit(shot.url).path) for shot in shots] == [
        ShotReply(image) for image in shown
    ]
    for shot, image in zip(shots, shown, strict=True):
        small = [site.image(urlsplit(way).path) for way in shot.fallbacks]
        if key in THUMBS and "medhead" not in shot.url:
            assert small == [ShotReply(image, THUMBS[key])]
    own = {link.url for link in person.links if link.site != "iafd" or key != "iafd"}
    if key in OWN_PAGES:
        own = {link.url for link in person.links if link.site in OWN_PAGES[key]}
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
    assert site.image("/robots.txt") is None


def test_iafd_has_the_same_page_under_both_forms():
    shown = Appearance(PEOPLE["mira"], "mira", "Mira Okonedo-Vask", ())
    site = all_sites()["iafd"]({"mira": shown})
    assert site.page("/person.rme/perfid=mira/gender=f/M.htm") == site.page(
        f"/person.rme/id={identifier('iafd', 'mira')}"
    )


UUID = "6f1d3c1e-8d52-4a0e-9f0b-3c7d5a1e2b40"


@pytest.mark.parametrize(
    ("key", "link", "number", "path"),
    [
        ("babepedia", "/babe/Vela_Quist", "Vela_Quist", "/babe/Vela_Quist"),
        ("babepedia", "/babe/Vela_Quist/?x=1", "Vela_Quist", "/babe/Vela_Quist"),
        ("babepedia", "/gallery/Vela_Quist/1", None, None),
        ("iafd", "/person.rme/perfid=vela/V-Q.htm", "vela", "/person.rme/perfid=vela/V-Q.htm"),
        ("iafd", "/person.rme/perfid=vela", "vela", "/person.rme/perfid=vela/vela.htm"),
        (
            "iafd",
            "/person.rme/perfid=vela/gender=f/V-Q.htm?a=b",
            "vela",
            "/person.rme/perfid=vela/gender=f/V-Q.htm",
        ),
        ("iafd", f"/person.rme/id={UUID}", UUID, f"/person.rme/id={UUID}"),
        ("iafd", "/title.rme/title=x/year=2000/x.htm", None, None),
        ("freeones", "/vela-quist", "vela-quist", "/vela-quist/photos"),
        ("freeones", "/vela-quist/photos/set-1", "vela-quist", "/vela-quist/photos"),
        ("freeones", "/vela-quist/bio/?x=1", "vela-quist", "/vela-quist/photos"),
        ("freeones", "/forums/threads/1", None, None),
        ("boobpedia", "/boobs/Vela_Quist", "Vela_Quist", "/boobs/Vela_Quist"),
        ("boobpedia", "/boobs/File:Vela.jpg", None, None),
        ("thenude", "/Vela%20Quist_4711.htm", "4711", "/Vela%20Quist_4711.htm"),
        ("thenude", "/Vela%20Quist_4711.html?x=1", "4711", "/Vela%20Quist_4711.htm"),
        ("thenude", "/cover/1/x.htm", None, None),
    ],
)
def test_a_link_names_the_person_and_the_page(tmp_path, key, link, number, path):
    rule = load_sources(tmp_path)[key].page
    assert rule is not None
    matches = ((re.match(form.match, link), form.path) for form in rule.links)
    found = next(((m["id"], to.format(**m.groupdict())) for m, to in matches if m), (None, None))
    assert found == (number, path)
    # The first form is the one for names: it needs nothing but the id.
    if rule.slug:
        assert rule.links[0].path.format(id="x")
