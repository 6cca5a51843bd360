"""Asking for a robots.txt, and keeping to what it says."""

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
from scrapy_project.limits.budget_files import BudgetFiles
from scrapy_project.limits.middlewares.addresses import AddressRefused
from scrapy_project.limits.middlewares.budget import BudgetMiddleware, HostHeld
from scrapy_project.limits.middlewares.robots import (
    RobotsForbidden,
    RobotsMiddleware,
    RobotsUnreachable,
)
from scrapy_project.storage.report import CrawlStopped
from tests.unit.test_robots import AGENT, FORBIDS, OTHER, PAGE, SITE


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
        budget = Budget(BudgetFiles(directory, lambda: 1000.0, "b"))
        self.budget = BudgetMiddleware(budget, "bench", 1.0, 900.0)

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
