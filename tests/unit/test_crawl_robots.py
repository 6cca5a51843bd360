"""Crawls of hosts whose robots.txt is missing, broken, slow or strict: pages, pictures and APIs."""

from __future__ import annotations

import socket
import time

import pytest

from tests.bench.measured import LATE, excess_in_worst_window
from tests.recorded.bench import Bench, make_bench
from tests.recorded.box import serve
from tests.recorded.profile_box import ProfileBench, linked, serve_site
from tests.web_server import Answer
from trainer.pipeline.steps import report
from trainer.runs import update as run_record
from trainer.runs.record import read_record

ROBOTS = "/robots.txt"
BROKEN = {
    "500": ((500, {}, b""), "answered HTTP 500"),
    "503": ((503, {"Retry-After": "0"}, b""), "answered HTTP 503"),
    "429": ((429, {"Retry-After": "0"}, b""), "answered HTTP 429"),
    "cut off": ((200, {"Content-Length": "900"}, b"User-agent: *"), "can't be had"),
    "utf-16": ((200, {}, "User-agent: *\nAllow: /\n".encode("utf-16")), "is not UTF-8 text"),
    "a page": ((200, {}, b"<html><title>Just a moment...</title></html>"), "is a web page"),
    "no gzip": ((200, {"Content-Encoding": "gzip"}, b"User-agent: *\n"), "can't be had"),
    "huge": ((200, {"Content-Length": str(2**40)}, b"#"), "can't be had"),
}


@pytest.fixture
def bench(tmp_path, monkeypatch):
    with serve() as box:
        box.add(6)
        yield make_bench(box, tmp_path, monkeypatch)


@pytest.fixture
def profiles(tmp_path):
    with serve_site() as site:
        site.person("Wren_Hollow", "Wren Hollow", "w1.jpg")
        yield ProfileBench(site, tmp_path, [linked(1, "Wren_Hollow", "Wren Hollow")])


@pytest.mark.parametrize("case", BROKEN)
def test_nothing_is_asked_of_an_api_whose_robots_txt_cannot_be_had(bench: Bench, case):
    answer, why = BROKEN[case]
    bench.box.before = lambda path, _: answer if path == ROBOTS else None
    manifest = bench.crawl()
    assert manifest.status == "blocked", (manifest.reason, bench.log())
    assert f"{bench.box.base}/robots.txt {why}" in (manifest.reason or "")
    assert "run again" in (manifest.reason or "")
    assert set(bench.box.asked) == {ROBOTS}


def test_it_is_asked_for_again_as_any_page_is(bench: Bench):
    first: dict[str, Answer] = {ROBOTS: (503, {}, b"")}
    bench.box.before = lambda path, _: first.pop(path, None)
    assert bench.crawl().status == "complete"
    assert bench.box.asked[ROBOTS] == 2


def test_a_host_that_answers_nobody_is_not_asked(bench: Bench):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        bench.overrides = {"base_url": f"http://127.0.0.1:{port}/graphql"}
        manifest = bench.crawl()
    assert manifest.status == "blocked"
    assert f"http://127.0.0.1:{port}/robots.txt can't be had (connection refused)" in (
        manifest.reason or ""
    )


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_client_error_means_that_everything_is_allowed(bench: Bench, status):
    bench.box.before = lambda path, _: (status, {}, b"<html>no</html>") if path == ROBOTS else None
    manifest = bench.crawl()
    assert manifest.status == "complete", manifest.reason
    assert len(bench.images()) == 6


def test_a_stash_box_that_shows_its_web_app_instead_has_no_rules(bench: Bench):
    app = b'<!DOCTYPE html><html><body><noscript>...</noscript><div id="root"></div></body></html>'
    bench.box.before = lambda path, _: (200, {}, app) if path == ROBOTS else None
    assert bench.crawl(enable_faces=False).status == "complete"


def test_a_source_that_does_not_obey_asks_for_none(bench: Bench):
    bench.overrides = {"obey_robots": False}
    bench.box.before = lambda path, _: (503, {}, b"") if path == ROBOTS else None
    assert bench.crawl().status == "complete"
    assert ROBOTS not in bench.box.asked


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((503, {}, b""), "picture_robots_unreachable"),
        ((200, {}, b"\xff\xfeU\x00"), "picture_robots_unreachable"),
        ((200, {}, b"User-agent: *\nDisallow: /img/\n"), "picture_robots"),
    ],
)
def test_pictures_of_such_a_host_fail_one_by_one_and_those_of_others_are_had(bench, answer, kind):
    box = bench.box
    cdn = box.base.replace("127.0.0.1", "localhost")
    for person in box.people[:3]:
        person["images"][0]["url"] = person["images"][0]["url"].replace(box.base, cdn)
    bench.overrides = {"concurrent_requests": 1}

    def before(path, _body):
        of_cdn = box.headers[-1]["host"].startswith("localhost")
        return answer if of_cdn and path == ROBOTS else None

    box.before = before
    manifest = bench.crawl()
    assert manifest.status == "complete", manifest.reason
    assert manifest.counts["pictures_fetched"] == manifest.counts["pictures_failed"] == 3
    errors = [error for error in manifest.errors if error.kind.startswith("picture")]
    assert [(error.kind, error.count) for error in errors] == [(kind, 3)]
    assert f"{cdn}/robots.txt" in errors[0].message
    asked = [h["host"] for p, h in zip(box.log, box.headers, strict=True) if p.startswith("/img")]
    assert not [host for host in asked if host.startswith("localhost")]

    box.before = lambda path, _: None  # a week later: the host is well again
    bench.publish("r1")
    assert bench.crawl("r2", full_refresh=True).counts["pictures_fetched"] == 3


@pytest.mark.parametrize("case", BROKEN)
def test_a_reference_site_is_blocked_and_keeps_its_snapshot(profiles: ProfileBench, case):
    answer, why = BROKEN[case]
    profiles.site.before = lambda path: answer if path == ROBOTS else None
    manifest = profiles.crawl()
    assert manifest.status == "blocked"
    assert f"{profiles.site.base}/robots.txt {why}" in (manifest.reason or "")
    assert "forbids" not in (manifest.reason or "")
    assert profiles.site.asked() == []

    profiles.site.before = lambda path: None
    assert profiles.crawl().status == "complete"
    assert len(profiles.rows()) == 1


def test_a_page_that_leads_to_a_host_without_rules_costs_that_page(profiles: ProfileBench):
    site = profiles.site
    site.person("Ada_Fenn", "Ada Fenn")
    profiles.records.append(linked(2, "Ada_Fenn", "Ada Fenn"))
    elsewhere = site.base.replace("127.0.0.1", "localhost")

    def before(path):
        if path == ROBOTS and site.headers[-1]["host"].startswith("localhost"):
            return 503, {}, b""
        moved = {"Location": f"{elsewhere}/boobs/Ada_Fenn"}
        return (302, moved, b"") if path == "/boobs/Ada_Fenn" else None

    site.before = before
    profiles.overrides = {"concurrent_requests": 1}
    manifest = profiles.crawl()
    assert manifest.status == "complete", manifest.reason
    assert (manifest.counts["pages_read"], manifest.counts["pages_failed"]) == (1, 1)


def test_a_slower_crawl_delay_is_the_rate_of_pages_and_pictures_and_stands_in_the_record(
    bench: Bench, caplog
):
    bench.box.add(8)
    bench.box.robots = b"User-agent: stash-sense-trainer\nCrawl-delay: 0.4\n"
    moments: list[float] = []
    bench.box.before = lambda path, _: moments.append(time.monotonic())
    manifest = bench.crawl()
    assert manifest.status == "complete", manifest.reason
    assert len(moments) == 1 + 2 + 8  # robots.txt, two pages of the list, pictures
    assert excess_in_worst_window(moments, 0.4, LATE) <= 0
    (warned,) = [check for check in manifest.checks if not check.ok]
    assert (warned.name, warned.fatal, warned.expected) == ("requests_per_minute", False, "30000")
    base = bench.box.base
    asks = f"150, as {base}/robots.txt asks for 0.4 s between requests"
    assert warned.actual == asks
    assert any(asks in line for line in caplog.messages)
    context = bench.context("r1")
    run_record.start(context, context.plan)
    with pytest.raises(Exception, match="run r1 failed"):  # nothing was published
        report.run(context)
    stats = read_record(context.run.record).stats.by_source["stashdb"]
    assert stats.warnings == [f"requests_per_minute: expected 30000, got {asks}"]


def test_a_quicker_crawl_delay_changes_nothing(bench: Bench):
    bench.overrides = {"requests_per_minute": 300}
    bench.box.robots = b"User-agent: *\nCrawl-delay: 0.01\n"
    manifest = bench.crawl(enable_faces=False)
    assert all(check.ok for check in manifest.checks)
