"""Checks for robots are told from pages, and a host that keeps refusing is left alone."""

from __future__ import annotations

import pytest
from scrapy.http import Request, Response

from scrapy_project.limits.breaker import Breaker, challenge, refusal
from scrapy_project.limits.middlewares.refusals import BreakerMiddleware
from scrapy_project.storage.report import CrawlStopped

URL = "https://site.example/babe/Some_One"


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(URL, status=status, body=body, headers=named)


def page(title: str, rest: str = "") -> bytes:
    return f"<!DOCTYPE html><html><head><title>{title}</title></head>{rest}</html>".encode()


@pytest.mark.parametrize("status", [200, 403, 429, 503])
@pytest.mark.parametrize(
    "body",
    [
        page("Just a moment..."),
        page("\n  Just a moment\u2026 "),
        page("Attention Required! | Cloudflare"),
        page("DDoS-Guard"),
        page("Are you a robot?"),
        page("site.example", "<script>window._cf_chl_opt={}</script>"),
        b"\xef\xbb\xbf \n" + page("site.example", "<form id='x'></form><div id=\"px-captcha\">"),
    ],
)
def test_a_check_for_robots_is_known_by_title_or_marker(status, body):
    assert challenge(answer(status, body))


def test_a_check_for_robots_is_known_by_its_header():
    assert challenge(answer(403, b"", cf_mitigated="challenge")) == "header cf-mitigated"


@pytest.mark.parametrize(
    "response",
    [
        answer(200, page("Just A Moment Jones - Profile")),
        answer(200, page("Access Denied: Ellen Vance | site.example")),
        answer(200, page("Ellen Vance", "<p>Just a moment...</p>")),
        answer(200, page("Ellen Vance", '<script src="/cdn-cgi/challenge-platform/x.js">')),
        answer(200, b"\xff\xd8\xff<title>Just a moment...</title>"),
        answer(200, b'{"title": "<title>Just a moment...</title>"}'),
        answer(404, page("Just a moment...")),
        answer(200, b""),
        answer(200, b"<title>"),
    ],
)
def test_other_answers_are_no_check_for_robots(response):
    assert challenge(response) is None
    assert refusal(response) is None


@pytest.mark.parametrize(("status", "refused"), [(401, 1), (403, 1), (429, 1), (503, 0), (404, 0)])
def test_refusals_by_status(status, refused):
    assert refusal(answer(status)) == (f"HTTP {status}" if refused else None)


def test_the_breaker_counts_in_a_row_and_by_host():
    breaker = Breaker("pictures", 3)
    for why in ("HTTP 403", "HTTP 429", None, "HTTP 403", "HTTP 403"):
        breaker.saw("a.example", why)
        breaker.saw("b.example", None)
    with pytest.raises(CrawlStopped, match=r"a\.example refused 3 pictures in a row") as stopped:
        breaker.saw("a.example", "HTTP 429")
    assert stopped.value.status == "blocked"
    assert "the last: HTTP 429" in str(stopped.value)


def refusals_until_blocked(middleware: BreakerMiddleware, answers: list[Response]) -> int:
    for number, response in enumerate(answers, 1):
        try:
            middleware.process_response(Request(URL), response)
        except CrawlStopped:
            return number
    return 0


def test_challenge_pages_with_status_200_end_the_crawl():
    checks = [answer(200, page("Just a moment..."))] * 9
    assert refusals_until_blocked(BreakerMiddleware(8), checks) == 8


@pytest.mark.parametrize("between", [200, 304, 404])
def test_an_answer_about_a_page_ends_a_row_of_refusals(between):
    answers = ([answer(403)] * 7 + [answer(between)]) * 3
    assert refusals_until_blocked(BreakerMiddleware(8), answers) == 0


@pytest.mark.parametrize("between", [302, 500, 503])
def test_an_answer_about_nothing_does_not(between):
    answers = ([answer(403)] * 7 + [answer(between)]) * 3
    assert refusals_until_blocked(BreakerMiddleware(8), answers) == 9


def test_pictures_and_robots_txt_are_not_counted():
    middleware = BreakerMiddleware(1)
    image = Request(URL, headers={"Accept": "image/webp,image/png,image/jpeg"})
    robots = Request(URL, meta={"dont_obey_robotstxt": True})
    for request in (image, robots):
        assert middleware.process_response(request, answer(403)).status == 403
    with pytest.raises(CrawlStopped):
        middleware.process_response(Request(URL), answer(403))
