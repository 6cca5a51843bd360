"""What a robots.txt says, and what is none."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from typing import Any

import pytest
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Request, Response
from scrapy.settings import Settings
from twisted.internet.error import ConnectionLost, SSLError
from twisted.web.client import ResponseFailed

from scrapy_project.limits.budget import Budget, host_key
from scrapy_project.limits.middlewares.addresses import AddressRefused
from scrapy_project.limits.middlewares.budget import BudgetMiddleware, HostHeld
from scrapy_project.limits.middlewares.robots import (
    RobotsForbidden,
    RobotsMiddleware,
    RobotsUnreachable,
    origin_of,
)
from scrapy_project.limits.robots import MAX_BYTES, read_rules
from scrapy_project.storage.report import CrawlStopped

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


# Asking for it


class Engine:
    """Answers by URL; an exception is raised. `asked` are the URLs."""

    def __init__(self, answers) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def download_async(self, request: Request) -> Response:
        self.asked.append(request.url)
        assert request.meta["dont_obey_robotstxt"]
        await asyncio.sleep(0)
        found = self.answers[request.url]
        if isinstance(found, Exception):
            raise found
        status, location, body = found
        headers = {"Location": location} if location else {}
        return Response(request.url, status=status, headers=headers, body=body)


class Report:
    def __init__(self) -> None:
        self.slower: list[Any] = []

    def slowed_down(self, origin: str, seconds: float) -> None:
        self.slower.append((origin, seconds))


class Crawler:
    def __init__(self, directory, answers) -> None:
        self.settings = Settings(
            {
                "ROBOTSTXT_OBEY": True,
                "USER_AGENT": f"{AGENT} (+a@example.org)",
                "RETRY_AFTER_MAX_SECONDS": 900.0,
            }
        )
        self.engine = Engine(answers)
        self.spider = self
        self.report = Report()
        self.budget = BudgetMiddleware(Budget(directory, lambda: 1000.0, "b"), "bench", 1.0, 900.0)

    def get_downloader_middleware(self, kind):
        assert kind is BudgetMiddleware
        return self.budget


def outcomes(tmp_path, answers, *urls):
    """What becomes of each request (None: it may go out), and the crawler."""
    crawler = Crawler(tmp_path, answers)
    middleware = RobotsMiddleware(crawler)

    async def ask():
        asked = (middleware.process_request(Request(url)) for url in urls)
        return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(ask()), crawler


TXT = f"{SITE}/robots.txt"
ALLOWS = (200, "", b"")
FAILURES = [
    CannotResolveHostError("DNS lookup failed: no results for hostname lookup: site.example."),
    DownloadConnectionRefusedError("Connection was refused by other side: 111."),
    DownloadTimeoutError("User timeout caused connection failure."),
    DownloadFailedError(str(ResponseFailed([SSLError()]))),
    DownloadFailedError(str(ConnectionLost())),
    DownloadCancelledError("received 6000000 bytes"),
    ResponseDataLossError("cut"),
    ConnectionResetError(104, "Connection reset by peer"),
    TimeoutError(),
    OSError(113, "No route to host"),
    EOFError("Compressed file ended before the end-of-stream marker was reached"),
    IgnoreRequest("Ignored response: its body is too large"),
    AddressRefused("redirect from https to http refused"),
    UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    RuntimeError("anything"),
]


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: repr(error)[:50])
def test_no_answer_whatever_the_reason_means_that_nothing_is_asked(tmp_path, error):
    found, crawler = outcomes(tmp_path, {TXT: error}, OTHER, OTHER)
    assert [type(one) for one in found] == [RobotsUnreachable] * 2
    assert crawler.engine.asked == [TXT]  # once for all of them
    said = str(found[0])
    assert said.startswith(f"{TXT} can't be had (") and "run again" in said
    assert "Error" not in said and "<" not in said and "{" not in said


def test_a_held_host_and_a_full_disk_are_not_the_robots_txt_s_fault(tmp_path):
    for error in (HostHeld("site.example asked to be left alone"), CrawlStopped("failed", "disk")):
        found, crawler = outcomes(tmp_path, {TXT: error}, OTHER, OTHER)
        assert found == [error] * 2
        assert len(crawler.engine.asked) == 2  # not remembered


def test_a_private_host_is_refused_as_such(tmp_path):
    error = AddressRefused("10.0.0.1: not a public address")
    found, _ = outcomes(tmp_path, {"https://10.0.0.1/robots.txt": error}, "https://10.0.0.1/x")
    assert isinstance(found[0], AddressRefused) and str(found[0]) == str(error)


def moved(hops: int, end, code: int = 301):
    """TXT redirects `hops` times, each time to another host, to `end`."""
    places = [TXT, *(f"https://host{n}.example/robots.txt" for n in range(1, hops + 1))]
    chain = {a: (code, b, b"") for a, b in pairwise(places)}
    return {**chain, places[-1]: end}


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_five_redirects_are_followed_to_other_hosts_too(tmp_path, code):
    found, crawler = outcomes(tmp_path, moved(5, (200, "", FORBIDS.encode()), code), PAGE, OTHER)
    assert isinstance(found[0], RobotsForbidden) and found[1] is None
    assert len(crawler.engine.asked) == 6
    assert str(found[0]) == f"{TXT} forbids this address"


def test_more_redirects_mean_that_there_is_none(tmp_path):
    found, crawler = outcomes(tmp_path, moved(7, (200, "", b"User-agent: *\nDisallow: /\n")), PAGE)
    assert found == [None]
    assert len(crawler.engine.asked) == 6


@pytest.mark.parametrize("end", [(503, "", b""), (200, "", b"<html>"), TimeoutError()])
def test_behind_a_redirect_the_same_holds(tmp_path, end):
    found, _ = outcomes(tmp_path, moved(1, end), OTHER)
    assert isinstance(found[0], RobotsUnreachable) and TXT in str(found[0])


@pytest.mark.parametrize("place", ["", "http://[", "https://a:99999/", "nowhere:", "https://a b/"])
def test_a_redirect_to_nowhere_is_no_answer(tmp_path, place):
    answers = {TXT: (302, place, b"")}
    found, _ = outcomes(tmp_path, answers, OTHER)
    assert isinstance(found[0], RobotsUnreachable)


def test_each_host_has_its_own_and_one_that_is_down_stops_no_other(tmp_path):
    answers = {TXT: (503, "", b""), "https://cdn.site.example/robots.txt": ALLOWS}
    found, _ = outcomes(tmp_path, answers, OTHER, "https://cdn.site.example/a.jpg")
    assert isinstance(found[0], RobotsUnreachable) and found[1] is None


def test_after_a_day_it_is_asked_for_again(tmp_path, monkeypatch):
    crawler = Crawler(tmp_path, {TXT: ALLOWS})
    middleware = RobotsMiddleware(crawler)
    moment = 5.0
    monkeypatch.setattr(time, "monotonic", lambda: moment)

    async def ask() -> None:
        await middleware.process_request(Request(OTHER))

    asyncio.run(ask())
    moment += 86_000
    asyncio.run(ask())
    assert len(crawler.engine.asked) == 1
    moment += 500
    crawler.engine.answers[TXT] = (503, "", b"")
    with pytest.raises(RobotsUnreachable):
        asyncio.run(ask())


def test_requests_that_ask_for_robots_txt_are_let_through(tmp_path):
    middleware = RobotsMiddleware(Crawler(tmp_path, {}))
    request = Request(TXT, meta={"dont_obey_robotstxt": True})
    assert asyncio.run(middleware.process_request(request)) is None


# Crawl-delay


@pytest.mark.parametrize(("delay", "slower"), [("10", 10), ("1.5", 1.5), ("1", 0), ("0.2", 0)])
def test_a_crawl_delay_is_kept_where_it_is_slower_than_our_rate(tmp_path, delay, slower):
    answer = (200, "", f"User-agent: *\nCrawl-delay: {delay}\n".encode())
    found, crawler = outcomes(tmp_path, {TXT: answer}, OTHER)
    assert found == [None]
    assert crawler.report.slower == ([(SITE, slower)] if slower else [])
    keys = [host_key(SITE)]
    budget = crawler.budget
    assert budget._slower == ({keys[0]: slower} if slower else {})
    assert max(budget._slower.get(keys[0], 1.0), 1.0) == max(slower, 1.0)


def test_a_longer_delay_than_a_crawl_waits_means_that_nothing_is_asked(tmp_path):
    answer = (200, "", b"User-agent: *\nCrawl-delay: 86400\n")
    found, _ = outcomes(tmp_path, {TXT: answer}, OTHER)
    assert isinstance(found[0], RobotsUnreachable)
    assert "asks for 86400 seconds between requests" in str(found[0])
