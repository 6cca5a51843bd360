"""What a browser was given goes to the same site's pictures, and nowhere else."""

from __future__ import annotations

import logging
import time

import pytest
from scrapy.http import Request

from scrapy_project.fetchers.carried import BrowserCookie, Carried

PAGE = "https://www.site.example/person/1"


def cookie(**fields):
    return {"name": "pass", "value": "s3cret", "domain": ".site.example", "path": "/", **fields}


def sent(carried: Carried, url: str) -> tuple[bytes | None, bytes | None]:
    request = carried.put_on(Request(url, headers={"User-Agent": "honest/1"}))
    return request.headers.get("Cookie"), request.headers.get("User-Agent")


@pytest.fixture
def carried() -> Carried:
    kept = Carried()
    kept.keep(PAGE, [cookie()], "Browser/9")
    return kept


@pytest.mark.parametrize("host", ["www.site.example", "img.site.example", "site.example"])
def test_a_domains_cookie_and_the_user_agent_go_to_all_of_its_hosts(carried, host):
    assert sent(carried, f"https://{host}/a.jpg") == (b"pass=s3cret", b"Browser/9")


@pytest.mark.parametrize("host", ["site.example.evil.example", "othersite.example", "127.0.0.1"])
def test_nothing_goes_to_other_sites(carried, host):
    assert sent(carried, f"https://{host}/a.jpg") == (None, b"honest/1")


def test_other_sites_cookies_are_not_kept():
    carried = Carried()
    carried.keep(PAGE, [cookie(domain=".tracker.example")], "Browser/9")
    carried.keep("https://tracker.example/", [], "Browser/9")
    assert sent(carried, "https://tracker.example/")[0] is None


@pytest.mark.parametrize(
    ("fields", "url", "goes"),
    [
        ({"domain": "www.site.example"}, "https://www.site.example/a", True),
        ({"domain": "www.site.example"}, "https://img.www.site.example/a", False),
        ({"domain": "www.site.example"}, "https://img.site.example/a", False),
        ({"path": "/pics"}, "https://site.example/pics/a", True),
        ({"path": "/pics"}, "https://site.example/other", False),
        ({"secure": True}, "http://site.example/a", False),
        ({"secure": True}, "https://site.example/a", True),
        ({"expiry": 10}, "https://site.example/a", False),
        ({"expires": 10}, "https://site.example/a", False),
        ({"expires": -1}, "https://site.example/a", True),
        ({"expiry": time.time() + 9999.5}, "https://site.example/a", True),
    ],
)
def test_cookies_keep_their_own_limits(fields, url, goes):
    carried = Carried()
    carried.keep(PAGE, [cookie(**fields)], "Browser/9")
    assert (sent(carried, url)[0] is not None) is goes


def test_the_host_of_a_site_by_address_is_that_address():
    carried = Carried()
    carried.keep("http://127.0.0.1:8000/a", [cookie(domain="127.0.0.1")], "Browser/9")
    assert sent(carried, "http://127.0.0.1:9000/b") == (b"pass=s3cret", b"Browser/9")
    assert sent(carried, "http://127.0.0.2:8000/b") == (None, b"honest/1")


def test_the_spiders_own_request_never_has_the_cookie(carried):
    request = Request("https://site.example/a.jpg")
    carried.put_on(request)
    assert "Cookie" not in request.headers


@pytest.mark.parametrize(
    "fields", [{"value": "a\r\nX-Other: b"}, {"name": "a b"}, {"name": ""}, {"domain": None}]
)
def test_what_can_not_be_sent_is_left_out_without_its_value(caplog, fields):
    carried = Carried()
    with caplog.at_level(logging.WARNING):
        carried.keep(PAGE, [cookie(**fields), cookie(name="good")], "Browser/9")
    assert sent(carried, PAGE)[0] == b"good=s3cret"
    assert f"['{next(iter(fields))}']" in caplog.text
    assert "s3cret" not in caplog.text and "X-Other" not in caplog.text


def test_a_user_agent_that_is_no_header_is_not_sent():
    carried = Carried()
    carried.keep(PAGE, [cookie()], "Browser\r\nX-Other: b")
    assert sent(carried, PAGE) == (None, b"honest/1")


def test_no_repr_shows_a_value():
    assert "s3cret" not in repr(BrowserCookie.model_validate(cookie()))
