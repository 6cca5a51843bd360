"""Reference sites and ThePornDB's API misbehave exactly as their switches say."""

import time
from email.utils import parsedate_to_datetime

import pytest
import requests

from demo.world import Faults, Trouble, World
from tests.waiting import DEADLINE

SITE, API = "boobpedia", "theporndb"
PATHS = {SITE: "/boobs/Sable_Marrow", API: "/performers?page=1&per_page=2"}


@pytest.fixture(scope="module")
def sites():
    with World(week=1, sites=[SITE, API]) as running:
        yield running


@pytest.fixture(params=PATHS)
def key(request):
    return request.param


def get(world, key):
    token = {"Authorization": f"Bearer {world.keys[key]}"} if key == API else {}
    return requests.get(world.base_url(key) + PATHS[key], headers=token, timeout=DEADLINE)


def troubled(world, key, kind, value="", **rest):
    world.faults_of[key] = Faults(troubles=(Trouble(kind, value=value, **rest),))
    return get(world, key)


def test_without_faults_the_answer_is_right(sites, key):
    sites.faults_of[key] = Faults()
    assert get(sites, key).status_code == 200


@pytest.mark.parametrize(
    ("kind", "status"),
    [("server_error", 500), ("forbidden", 403), ("challenge", 403), ("html", 200)],
)
def test_each_trouble_has_its_status(sites, key, kind, status):
    answer = troubled(sites, key, kind)
    assert answer.status_code == status
    assert ("just a moment" in answer.text.lower()) == (kind in ("challenge", "html"))


def test_too_many_says_when_in_seconds_or_as_a_date(sites, key):
    assert troubled(sites, key, "too_many", "7").headers["Retry-After"] == "7"
    answer = troubled(sites, key, "too_many", "date:30")
    ahead = parsedate_to_datetime(answer.headers["Retry-After"]).timestamp() - time.time()
    assert answer.status_code == 429 and 0 < ahead <= 31


def test_an_empty_page_has_no_bytes_and_an_empty_list_keeps_its_count(sites):
    page = troubled(sites, SITE, "empty")
    assert (page.status_code, page.content) == (200, b"")
    listed = troubled(sites, API, "empty").json()
    assert listed["data"] == [] and listed["meta"]["total"] > 0


def test_a_reset_comes_once_and_the_next_request_is_answered(sites, key):
    with pytest.raises(requests.exceptions.ConnectionError):
        troubled(sites, key, "reset", times=1)
    assert get(sites, key).status_code == 200


def test_a_slow_answer_is_the_right_one(sites, key):
    sites.faults_of[key] = Faults()
    right = get(sites, key).content
    assert troubled(sites, key, "slow", "0.1").content == right


def test_robots_forbid_everything_when_told_to(sites, key):
    sites.faults_of[key] = Faults(forbid_robots=True)
    robots = requests.get(sites.base_url(key) + "/robots.txt", timeout=DEADLINE)
    assert robots.status_code == 200 and "Disallow: /\n" in robots.text
