"""afdb, pornpics, elitebabes, javdatabase, indexxx: the look-alikes' pages, and any others."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo.world.people import population
from demo.world.site import Appearance, ShotReply, Site
from demo.world.sites import all_sites
from scrapy_project.parsing.profile import PageError, Profile
from tests.recorded.test_recorded_pages import PAGES, spider_of
from trainer.config.sources import shipped_sources
from trainer.identity.links import identify

BASE = "http://127.0.0.1:8123"
PATHS = {
    "afdb": "/actor/{}/",
    "pornpics": "/pornstars/{}/",
    "elitebabes": "/model/{}/",
    "javdatabase": "/idols/{}/",
    "indexxx": "/m/{}",
}
THUMBS = {"pornpics": 460, "elitebabes": 800, "javdatabase": 150, "indexxx": 85}
BODIES = {key: [p.read_bytes() for p in sorted((PAGES / key).glob("*.html"))] for key in PATHS}


def appearances(site: str) -> dict[str, Appearance]:
    """Everybody of the world, by a slug as the site has it."""
    found = {}
    for number, person in enumerate(population(1), 9_990_001):
        letters = re.sub(r"[^a-z0-9]+", "-", person.name.lower()).strip("-") or "x"
        slug = f"{letters}-{number}" if site == "afdb" else f"{letters}-{person.key}"
        found[slug] = Appearance(person, slug, person.name, person.images)
    return found


def parsed(site: str, slug: str) -> tuple[Profile, Site]:
    world = all_sites()[site](appearances(site))
    path = PATHS[site].format(slug)
    page = world.page(path)
    assert page is not None
    return spider_of(site).parse_page(page.html.encode(), BASE + path), world


def image(world: Site, url: str) -> ShotReply:
    found = world.image(urlsplit(url).path)
    assert found is not None
    return found


EVERYBODY = [(site, slug) for site in PATHS for slug in appearances(site)]


@pytest.mark.parametrize(("site", "slug"), EVERYBODY)
def test_a_look_alikes_page_gives_the_person(site, slug):
    profile, _ = parsed(site, slug)
    person = appearances(site)[slug].person
    assert profile.name == person.name
    assert profile.problems == ()
    assert {identify(u).id for u in profile.links} <= {identify(x.url).id for x in person.links}
    wanted = {x.url for x in person.links if identify(x.url).id and identify(x.url).site != site}
    if site == "javdatabase":  # icons of accounts
        wanted = {url for url in wanted if identify(url).site in ("twitter", "instagram")}
    assert set(profile.links) == wanted
    if site == "afdb":
        assert profile.aliases == person.aliases
        assert (profile.birth_date, profile.country) == (person.birth_date, person.country)
    if site == "javdatabase":
        assert profile.aliases == tuple(a for a in person.aliases if not a.isascii())
    if site in ("elitebabes", "javdatabase"):
        assert (profile.birth_date, profile.country) == (person.birth_date, person.country)
        assert (profile.height_cm, profile.hair_color) == (person.height, person.hair_color)
        assert profile.career_start_year == person.career_start_year
    if site == "elitebabes":
        assert profile.aliases == person.aliases


@pytest.mark.parametrize(("site", "slug"), EVERYBODY)
def test_every_picture_of_a_look_alike_is_the_persons_and_is_there(site, slug):
    profile, world = parsed(site, slug)
    keys = appearances(site)[slug].images
    if site == "javdatabase":  # a portrait
        keys = keys[:1]
    replies = [image(world, shot.url) for shot in profile.images]
    assert [reply.key for reply in replies] == list(keys)
    assert all(reply.width is None for reply in replies)
    for shot, key in zip(profile.images, keys, strict=True):
        for fallback in shot.fallbacks:
            reply = image(world, fallback)
            assert (reply.key, reply.width) in ((key, THUMBS[site]), (key, None))
    assert world.image("/nowhere.jpg") is None


@pytest.mark.parametrize("site", PATHS)
def test_nobody_is_at_a_page_of_nobody(site):
    world = all_sites()[site](appearances(site))
    path = PATHS[site].format("nobody-404")
    page = world.page(path)
    assert page is not None
    with pytest.raises(PageError) as error:
        spider_of(site).parse_page(page.html.encode(), BASE + path)
    assert error.value.kind == "missing_page"
    assert world.page("/about/") is None


@pytest.mark.parametrize(
    ("link", "site", "id_", "path"),
    [
        ("http://adultfilmdatabase.com/actor/Tess-Q-77", "afdb", "77", "/actor/Tess-Q-77/"),
        ("https://www.adultfilmdatabase.com/actor.cfm?ActorID=77", "afdb", "77", None),
        ("https://www.adultfilmdatabase.com/video/77/tess-q/", None, None, None),
        ("https://afdb.com/actor/tess-q-77/", None, None, None),
        ("pornpics.com/pt/pornstars/Tess-Q?page=2", "pornpics", "tess-q", "/pornstars/tess-q/"),
        ("https://www.pornpics.com/pornstars/list/a/", None, None, None),
        ("http://elitebabes.com/model/tess-q/mpage/2/", "elitebabes", "tess-q", "/model/tess-q/"),
        (
            "https://www.javdatabase.com/idols/tess-q/?ipage=3#x",
            "javdatabase",
            "tess-q",
            "/idols/tess-q/",
        ),
        ("https://www.javdatabase.com/idols/", None, None, None),
        ("https://www.indexxx.com/m/Tess-Q/", "indexxx", "tess-q", "/m/tess-q"),
    ],
)
def test_links_to_the_sites(link, site, id_, path):
    found = identify(link)
    assert (found.site, found.id) == (site, id_)
    assert path is None or found.path == path


def test_sites_whose_facts_are_known_are_asked_by_name():
    sources = shipped_sources()
    by_name = {key for key in PATHS if "name" in sources[key].reference_modes}
    assert by_name == {"elitebabes", "javdatabase"}
    assert not any(sources[key].enabled for key in PATHS)


def attempt(site: str, body: bytes, url: str) -> None:
    try:
        assert isinstance(spider_of(site).parse_page(body, url), Profile)
    except PageError as error:
        assert error.kind in ("missing_page", "field_missing", "field_invalid", "challenge")


PIECES = st.sampled_from(
    [
        *(b"<", b">", b'"', b"\x00", b"\xff\xfe", b"</h1>", b"<title>", b"<h1>", b"&#xD800;"),
        *(b"<a href=", b"//[", b"http://a:b", b"\xe2\x80\xae", b"srcset='", b"AKA:", b"|", b"%"),
        *(b"Born: 9999-99-99", b"<meta charset=utf-7>", b"<meta charset=punycode>", b"/460/"),
        *(b"<!--", b"<br>", b"\xc3\x28"),
    ]
)


@pytest.mark.parametrize("site", PATHS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_page_ends_in_a_profile_or_a_page_error(site, data):
    body = data.draw(st.sampled_from(BODIES[site]))[:6_000]
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(body)))
        end = start + data.draw(st.integers(0, 40))
        body = body[:start] + data.draw(PIECES | st.binary(max_size=20)) + body[end:]
    attempt(site, body, BASE + PATHS[site].format("tessaly-quorn-9990101"))


@pytest.mark.parametrize("site", PATHS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no page at all",
        b"<",
        b"<!-- -->",
        b"<title>x | y</title><h1>" + b"<div>" * 50_000 + b"x",
        b"<title>x | y</title><h1>n</h1>" + b"<b><a href=/x><img src=/460/1.jpg>" * 5_000,
        b"<title>x | y</title><h1>" + b"n " * 100_000,
        b"<title>x | y</title><h1>n</h1>AKA:" + b"a:, " * 50_000,
        b"<title>x | y</title><h1>n</h1><img srcset='" + b"/content/1_800.jpg 1x," * 5_000 + b"'>",
        b"<title>x | y</title><h1>n</h1>" + b"<a href=https://x.com/tess_q>" * 2_000,
        b"<h1>n</h1>" + b"<ul class=list-gallery><li><img srcset=/content/1_800.jpg>" * 3_000,
        b"<h1>n</h1><ul class=list-gallery>" + b"<li><a href=/model/x><img></a>" * 9_000,
        b"<h1>n</h1><div class=idol-portrait>" + b"<b>x:</b> y - " * 20_000,
        b"<h1>n</h1>" + b"<b>x:</b>" * 20_000 + b"<i>y</i>" * 20_000,
        b"<h1>n</h1>" + b"<div class='comments x-comment-x'><a href=//x.com/tess_q>" * 9_000,
        b"<h1 class='" + b"comment-" * 50_000 + b"'>n</h1>",
        b"<h1>n</h1>" + b"<a rel=x><span>" * 20_000,
        b"<title>" + b"|" * 100_000 + b"</title><h1>" + b" nude" * 100_000,
    ],
    ids=lambda body: body[:40].decode() + f"-{len(body)}",
)
def test_megabytes_and_depths_end_in_a_profile_or_a_page_error(site, body):
    attempt(site, body, BASE + PATHS[site].format("tessaly-quorn-9990101"))


@pytest.mark.parametrize("site", PATHS)
def test_a_page_is_read_alike_whichever_host_it_came_from(site):
    body = (PAGES / site / "normal.html").read_bytes()
    real = shipped_sources()[site].base_url
    path = PATHS[site].format("tessaly-quorn" + ("-9990101" if site == "afdb" else ""))
    here = spider_of(site).parse_page(body, BASE + path)
    there = spider_of(site).parse_page(body, str(real).rstrip("/") + path)
    ends = [{urlsplit(shot.url).path for shot in page.images} for page in (here, there)]
    assert here.name == there.name
    assert ends[0] == ends[1] != set()
