"""The world of all sites: pages with caching, a guard, small pictures, faults a site."""

import pytest
import requests

from demo.world import Faults, Trouble, World
from tests.waiting import DEADLINE

PAGE = "/mira-okonedo-vask/photos"


@pytest.fixture
def full():
    with World(week=1, sites="all") as running:
        yield running


def get(world, site, path, **headers):
    return requests.get(world.base_url(site) + path, headers=headers, timeout=DEADLINE)


def test_an_unchanged_page_is_304_by_either_validator(full):
    first = get(full, "freeones", PAGE)
    assert first.status_code == 200 and "Mira Okonedo-Vask" in first.text
    by_tag = get(full, "freeones", PAGE, **{"If-None-Match": first.headers["ETag"]})
    date = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert (by_tag.status_code, get(full, "freeones", PAGE, **date).status_code) == (304, 304)
    assert {entry.site for entry in full.log} == {"freeones"}


def test_a_guarded_site_shows_its_page_to_a_visitor_with_the_cookie(full):
    assert get(full, "babepedia", "/babe/Mira_Vask").status_code == 403
    passed = get(full, "babepedia", "/babe/Mira_Vask", Cookie="demo_clearance=x")
    assert passed.status_code == 200 and "Mira Vask" in passed.text


def test_faults_of_one_site_leave_the_others_alone(full):
    full.faults_of["freeones"] = Faults(troubles=(Trouble("challenge"),), forbid_robots=True)
    assert get(full, "freeones", PAGE).status_code == 403
    assert "Disallow: /\n" in get(full, "freeones", "/robots.txt").text
    assert get(full, "boobpedia", "/boobs/Sable_Marrow").status_code == 200


def test_a_moved_layout_has_no_heading_any_more(full):
    full.faults_of["freeones"] = Faults(moved_layout=True)
    assert "<h1" not in get(full, "freeones", PAGE).text
