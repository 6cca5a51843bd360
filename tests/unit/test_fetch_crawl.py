"""Whole crawls through FlareSolverr's look-alike: a crawl's rules hold below every fetcher."""

from __future__ import annotations

from itertools import pairwise

import pytest

from demo.world.flaresolverr import CLEARANCE, USER_AGENT
from demo.world.flaresolverr import FlareSolverr as LookAlike
from tests.unit.fetch_bench import Crawled, Site, crawl, serve

HONEST = "stash-sense-trainer/0.1 (+bench@example.org)"
CHECK = "<!doctype html><title>Just a moment...</title>"


def guarded(headers):
    """A picture for those only who have passed the site's check, with the browser that did."""
    passed = (headers.get("cookie"), headers["user-agent"]) == ("=".join(CLEARANCE), USER_AGENT)
    return (200, {"Content-Type": "text/plain"}, b"a picture") if passed else (403, {}, b"no")


@pytest.fixture
def site():
    with serve() as site:
        site.html("/robots.txt", "User-agent: *\nDisallow: /private/\n")
        site.pages["/pic.jpg"] = guarded
        yield site


def login(service: LookAlike) -> dict[str, str]:
    return {"FLARESOLVERR_URL": service.url.replace("://", "://ann:s3cret@")}


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> tuple[Crawled, Site]:
    """One crawl of everything, since each takes a process and its seconds."""
    with serve() as site, LookAlike(tells_status=True) as service:
        site.html("/robots.txt", "User-agent: *\nDisallow: /private/\n")
        site.pages["/pic.jpg"] = guarded
        elsewhere = site.base.replace("127.0.0.1", "localhost")
        for path, to in (("/old", "/a"), ("/out", f"{elsewhere}/a"), ("/in", "/private/a")):
            site.pages[path] = (302, {"Location": to}, b"")
        asked = [
            (f"{site.base}/pic.jpg", "plain"),
            (site.html("/a", "<p>Ann"), "page"),
            (f"{site.base}/pic.jpg", "plain"),
            (f"{site.base}/private/a", "page"),
            (f"{site.base}/old", "page"),
            (f"{site.base}/out", "page"),
            (f"{site.base}/in", "page"),
            (f"{site.base}/nobody", "page"),
            (site.html("/no", "", 403), "page"),
            (site.html("/check", CHECK), "page"),
        ]
        directory = tmp_path_factory.mktemp("crawl")
        made = crawl(
            directory,
            site,
            asked,
            login(service),
            fetcher="flaresolverr",
            requests_per_minute=600,
        )
        assert service.sessions == {}
        return made, site


def test_pages_and_their_status(done):
    answers = done[0].answers
    assert (answers[1]["status"], answers[1]["body"]) == (200, "<p>Ann")
    assert [answers[n]["status"] for n in (7, 8)] == [404, 403]
    assert done[0].manifest.status == "complete"


def test_a_picture_that_asks_for_the_browsers_cookie_gets_it(done):
    assert (done[0].answers[0]["status"], done[0].answers[2]["status"]) == (403, 200)


def test_robots_txt_holds_and_is_asked_for_plainly(done):
    crawled, site = done
    assert "robots.txt" in crawled.answers[3]["message"]
    assert "/private/a" not in site.asked()[: site.asked().index("/old")]
    (robots,) = [hit for hit in site.hits if hit.path == "/robots.txt"]
    assert robots.headers["user-agent"] == HONEST and "cookie" not in robots.headers


def test_a_redirect_pays_for_itself_and_obeys_robots_txt(done):
    crawled, site = done
    assert crawled.answers[4]["url"] == f"{site.base}/a"
    assert "robots.txt" in crawled.answers[6]["message"]


def test_a_redirect_to_another_site_is_refused(done):
    assert done[0].answers[5]["error"] == "LedElsewhere"
    assert {e.kind for e in done[0].manifest.errors} == {"LedElsewhere", "RobotsForbidden"}


def test_every_request_waits_for_its_moment_in_the_budget(done):
    moments = done[0].moments
    # robots.txt; pictures and pages but /private/a; once more where /old leads to
    assert len(moments) == 1 + 9 + 1
    gaps = [later - sooner for sooner, later in pairwise(moments)]
    assert min(gaps) >= 0.1 - 1e-6


def test_no_secret_stands_anywhere(done):
    assert "s3cret" not in done[0].everything
    assert CLEARANCE[1] not in done[0].everything


def test_after_a_refusal_pages_go_on_through_flaresolverr(tmp_path, site):
    site.pages["/a"] = guarded
    asked = [(f"{site.base}/a", "page"), (f"{site.base}/a", "page"), (f"{site.base}/a", "plain")]
    with LookAlike() as service:
        made = crawl(tmp_path, site, asked, login(service), fetcher_on_403="flaresolverr")
    assert [answer["status"] for answer in made.answers] == [200, 200, 200]
    assert [h.headers["user-agent"] for h in site.hits[1:]] == [HONEST] + [USER_AGENT] * 3
    assert "pages now go through FlareSolverr" in made.everything


def test_without_it_the_source_is_skipped_and_nothing_is_asked(tmp_path, site):
    asked = [(f"{site.base}/a", "page")]
    made = crawl(tmp_path, site, asked, {"FLARESOLVERR_URL": ""}, fetcher="flaresolverr")
    assert made.manifest.status == "skipped"
    assert made.manifest.reason == "needs FlareSolverr: set FLARESOLVERR_URL"
    assert site.hits == [] and made.answers == []


def test_private_addresses_are_not_handed_over_though_the_service_has_one(tmp_path, site):
    port = site.base.rpartition(":")[2]
    asked = [(f"http://{host}:{port}/a", "page") for host in ("127.0.0.1", "localhost")]
    with LookAlike() as service:
        made = crawl(
            tmp_path, site, asked, login(service), allow_private=False, fetcher="flaresolverr"
        )
        assert service.log == []
    assert [answer["error"] for answer in made.answers] == ["AddressRefused"] * 2
    assert site.hits == []


def test_a_fetcher_that_keeps_failing_ends_the_crawl(tmp_path, site):
    with LookAlike() as service:
        environment = login(service)
    made = crawl(
        tmp_path, site, [(f"{site.base}/a", "page")] * 9, environment, fetcher="flaresolverr"
    )
    assert made.manifest.status == "failed"
    assert made.manifest.reason is not None
    assert "3 failures in a row" in made.manifest.reason
    assert "FlareSolverr at http://127.0.0.1" in made.manifest.reason
    assert [answer["error"] for answer in made.answers] == ["FetcherError"] * 2
    assert "s3cret" not in made.everything
