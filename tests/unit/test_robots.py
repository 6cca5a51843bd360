"""What a robots.txt says, and what is none."""

from __future__ import annotations

import pytest

from scrapy_project.limits.middlewares.robots import (
    origin_of,
)
from scrapy_project.limits.robots import MAX_BYTES, read_rules

AGENT = "stash-sense-trainer/0.1"
SITE = "https://site.example"
PAGE, OTHER = f"{SITE}/private/page", f"{SITE}/page"
FORBIDS = "User-agent: *\nDisallow: /private/\n"


def rules(body: bytes | str, status: int = 200, **more):
    content = body.encode() if isinstance(body, str) else body
    return read_rules(status, content, AGENT, **more)


# Content


@pytest.mark.parametrize(
    "body",
    [
        FORBIDS,
        b"\xef\xbb\xbf" + FORBIDS.encode(),
        FORBIDS.replace("\n", "\r\n"),
        FORBIDS.replace("\n", "\r"),
        "# Bräuche dieser Seite\n" + FORBIDS,
        "User-agent: Stash-Sense-Trainer\nDisallow: /private/\n\nUser-agent: *\nDisallow:\n",
        "User-agent: stash-sense-trainer/0.1\nDisallow: /private/\n\nUser-agent: *\nAllow: /\n",
        "User-agent: other\nUser-agent: *\nDisallow: /\nAllow: /page\n",
        "Sitemap: https://site.example/map.xml\n" + FORBIDS,
        FORBIDS + "# " + "x" * MAX_BYTES,
        FORBIDS + "#\n" * MAX_BYTES,
    ],
)
def test_rules_are_read_in_every_usual_form(body):
    found = rules(body)
    assert found.refusal is None
    assert (found.allows(PAGE), found.allows(OTHER)) == (False, True)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "\n \n",
        "# nobody has written any rule yet\n",
        "User-agent: *\nDisallow:\n",
        "Sitemap: https://site.example/map.xml\n",
        "User-agent: other-bot\nDisallow: /\n",
        "Disallow: /\n",  # a rule without a group is nobody's
    ],
)
def test_a_file_that_forbids_us_nothing(body):
    found = rules(body)
    assert found.refusal is None and found.allows(PAGE)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (FORBIDS.encode("utf-16"), "not UTF-8"),
        (FORBIDS.encode("utf-16-le"), "not UTF-8"),
        (FORBIDS.encode("utf-32-be"), "not UTF-8"),
        ("User-agent: *\nDisallow: /caf\xe9/\n".encode("latin-1"), "not UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not UTF-8"),
        (b"\x1f\x8b\x08\x00" + bytes(range(200)), "not UTF-8"),
        ("<!DOCTYPE html><title>Home</title>", "web page"),
        (b"\xef\xbb\xbf\n <html>\nUser-agent: *\nAllow: /\n", "web page"),
        ('{"message": "Not Found"}', "no line that is a rule"),
        ("404 page not found\n", "no line that is a rule"),
        ("%PDF-1.7\nnothing to see", "no line that is a rule"),
        ("x" * (MAX_BYTES + 1), "no end of a line"),
    ],
)
def test_something_else_refuses_everything(body, why):
    found = rules(body)
    assert why in (found.refusal or "")
    assert not found.allows(OTHER)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 451])
def test_a_client_error_means_that_there_are_no_rules(status):
    assert rules(FORBIDS, status).allows(PAGE)


@pytest.mark.parametrize("status", [304, 301, 429, 500, 502, 503, 504, 520, 599])
def test_other_errors_refuse_everything(status):
    found = rules("", status)
    assert found.refusal == f"answered HTTP {status}" and not found.allows(OTHER)


def test_the_web_app_of_a_stash_box_is_no_rules_and_other_pages_are_an_error():
    app = '<!DOCTYPE html><head><title>Box</title></head><body><div id="root"></div></body>'
    assert rules(app, app_means_none=True).allows(PAGE)
    assert rules("<html>maintenance</html>", app_means_none=True).refusal
    assert rules(app).refusal


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("User-agent: *\nCrawl-delay: 10\n", 10),
        ("User-agent: *\nCrawl-delay: 0.5\n", 0.5),
        ("User-agent: *\ncrawl-delay : 2 # please\n", 2),
        ("User-agent: stash-sense-trainer\nCrawl-delay: 3\n\nUser-agent: *\nCrawl-delay: 9\n", 3),
        ("User-agent: other\nCrawl-delay: 9\n", 0),
        *((f"User-agent: *\nCrawl-delay: {odd}\n", 0) for odd in ("soon", "-5", "nan", "inf", "")),
        ("User-agent: *\nCrawl-delay: 1e999\n", 0),
    ],
)
def test_the_delay_is_the_one_of_our_group_and_nonsense_is_none(text, seconds):
    assert rules(text).delay == seconds


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Site.example/x?y", "https://site.example"),
        ("https://me:secret@site.example:443/", "https://site.example"),
        ("http://site.example:80/x", "http://site.example"),
        ("http://site.example:8080/x", "http://site.example:8080"),
        ("https://site.example:80/", "https://site.example:80"),
    ],
)
def test_one_file_for_scheme_host_and_port(url, origin):
    assert origin_of(url) == origin
