"""A wall is no missing page: where a visit was led, and what it found there."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from scrapy.http import Response

from scrapy_project.kinds.page_checks import MAX_WALLED_SHARE
from scrapy_project.parsing.html import document
from scrapy_project.parsing.walls import wall_address, wall_heading, wall_sign
from scrapy_project.visit import Visitor
from tests.recorded.profile_box import (
    LATER,
    NOBODY,
    SOURCE,
    WEEK_1,
    WEEK_2,
    ProfileBench,
    linked,
    page,
    serve_site,
)
from trainer.config.sources import shipped_sources
from trainer.staging.rows import Candidate, Target

BASE = "https://www.boobpedia.com"
AGE_CHECK = b"<html><title>Age Verification</title><h1>You must be 18 or older</h1></html>"


def candidate(name: str, *aliases: str, **facts: Any) -> dict[str, Any]:
    known = {"source": "stashdb", "source_id": "s1", "birth_date": None, "country": None}
    return {**known, "name": name, "aliases": list(aliases), "urls": [], **facts}


def visit(answer: Response, found_by: str = "url", earlier: Any = None, **who: Any) -> Any:
    """The outcome of a visit to Ada Fenn's page that was answered so."""
    from scrapy_project.sources.boobpedia.spider import BoobpediaSpider

    async def fetch(request):
        return answer

    parse = BoobpediaSpider.parse_page
    visitor = Visitor(shipped_sources()[SOURCE], fetch, WEEK_1, parse, None)
    target: Target = {
        "page_id": "Ada_Fenn",
        "path": "/boobs/Ada_Fenn",
        "found_by": found_by,
        "candidates": [cast(Candidate, who.get("candidate") or candidate("Ada Fenn"))],
        "scene_count": 0,
    }
    return asyncio.run(visitor.visit(target, earlier))


def at(path: str, body: bytes, status: int = 200) -> Response:
    url = path if path.startswith("http") else f"{BASE}{path}"
    return Response(url, status=status, body=body)


WALLS = {
    "the front page": at("/", page("Boobpedia")),
    "the front page in a language": at("/de/", page("Boobpedia")),
    "a login": at("/login?next=x", page("Log in")),
    "a login of MediaWiki": at("/index.php?title=Special:UserLogin", page("Log in")),
    "a page of the list that says login": at("/boobs/login", page("Log in")),
    "an age check": at("/age-verification", AGE_CHECK),
    "an age check of the list": at("/boobs/Age_Check", AGE_CHECK),
    "a list": at("/boobs/", page("All of them")),
    "another site": at("https://elsewhere.example/boobs/Ada_Fenn", page("Ada Fenn")),
    "another site that is not there": at("https://elsewhere.example/x", b"", 404),
    "no profile at somebody's address": at("/boobs/Nora_Quill", b"<html>new</html>"),
    "an age check in its place": at("/boobs/Ada_Fenn", AGE_CHECK),
    "a question in its place": at("/boobs/Ada_Fenn", b"<title>x</title><h1>Are you over 18?</h1>"),
    "a login in its place": at("/boobs/Ada_Fenn", page("Log in to your account")),
    "consent in its place": at("/boobs/Ada_Fenn", page("Before you continue")),
    "a form in its place": at(
        "/boobs/Ada_Fenn", b"<html><form><input name=u><input type=password></form></html>"
    ),
    "a page that leads on": at(
        "/boobs/Ada_Fenn",
        b'<html><meta http-equiv="refresh" content="0; url=/age-gate"><p>...</html>',
    ),
    "an age check without the site's page": at(
        "/boobs/Ada_Fenn", AGE_CHECK + b"There is currently no text in this page"
    ),
}


@pytest.mark.parametrize("wall", WALLS)
@pytest.mark.parametrize("found_by", ["url", "name"])
def test_it_is_a_failed_page_that_says_where_it_led(wall, found_by):
    outcome = visit(WALLS[wall], found_by)
    assert (outcome.kind, outcome.row, outcome.is_walled) == ("failed", None, True)
    (error,) = outcome.errors
    assert (error.kind, error.source, error.url) == ("wall", SOURCE, f"{BASE}/boobs/Ada_Fenn")
    assert (
        WALLS[wall].url in error.message or "a page that" in error.message or "form" in str(error)
    )


GONE = {
    "404": at("/boobs/Ada_Fenn", b"", 404),
    "410": at("/boobs/Ada_Fenn", AGE_CHECK, 410),
    "a page for what is not there": at("/not-found", NOBODY, 404),
    "the site's own words": at("/boobs/Ada_Fenn", NOBODY),
    "somebody else": at("/boobs/Nora_Quill", page("Nora Quill")),
    "nobody under another name": at("/boobs/Nora_Quill", NOBODY),
}


@pytest.mark.parametrize("gone", GONE)
def test_gone_is_what_the_site_says_or_another_performers_page(gone):
    outcome = visit(GONE[gone])
    assert (outcome.kind, outcome.row["deleted"]) == ("missing", True), outcome.errors
    assert visit(GONE[gone], "name").kind == "missing_by_name"


def test_a_page_that_moved_is_read_where_its_name_fits_and_keeps_the_id_that_was_asked():
    moved = at("/boobs/Ada_Fenn_Vale", page("Ada Fenn Vale"))
    outcome = visit(moved)
    assert outcome.kind == "read"
    row = outcome.row
    assert (row["source_id"], row["page_url"]) == ("Ada_Fenn", f"{BASE}/boobs/Ada_Fenn_Vale")
    married = at("/boobs/Ida_Vale", page("Ida Vale"))
    assert visit(married).kind == "missing"
    assert visit(married, candidate=candidate("Ada Fenn", "Ida Vale")).kind == "read"
    born = candidate("Ada Fenn", "Ida Vale", birth_date="1971-01-01")
    assert visit(married, candidate=born).kind == "unconfirmed"


def test_not_modified_is_said_by_the_page_that_was_read():
    earlier = visit(at("/boobs/Ada_Fenn", page("Ada Fenn"))).row
    assert visit(at("/boobs/Ada_Fenn", b"", 304), earlier=earlier).kind == "not_modified"
    outcome = visit(at("/age-check", b"", 304), earlier=earlier)
    assert (outcome.kind, outcome.errors[0].kind) == ("failed", "wall")
    moved = visit(at("/boobs/Ada_Fenn_Vale", page("Ada Fenn Vale"))).row
    again = visit(at("/boobs/Ada_Fenn_Vale", b"", 304), earlier=moved)
    assert again.kind == "not_modified"


@pytest.mark.parametrize(
    "heading",
    [
        *("Log in", "Login - Site", "Sign In | Site", "Please log in", "Members area", "Register"),
        *(
            "Age Verification Required",
            "Are you 18 or older?",
            "Please verify your age",
            "18\u6b73",
        ),
        *("This site contains adult content", "WARNING!", "Adults only", "Confirm you are over 18"),
        *("Altersverifikation", "V\u00e9rification de l'\u00e2ge", "Verificaci\u00f3n de edad"),
        *("Subscription required", "Not available in your country", "Welcome!", "Enter"),
    ],
)
def test_headings_of_walls(heading):
    assert wall_heading(document(f"<html><title>{heading}</title></html>".encode()))
    assert wall_heading(document(f"<html><h1>{heading}</h1></html>".encode()))


@pytest.mark.parametrize(
    "heading", ["Ada Fenn", "Paige Turner", "Gage Verity", "Login Falls", "Joy Enter", "Warning Jo"]
)
def test_headings_of_people(heading):
    found = wall_heading(document(f"<title>{heading} - Profile</title><h1>x</h1>".encode()))
    assert found is None or heading == "Login Falls"


def test_a_login_form_beside_much_else_is_no_wall():
    text = "word " * 2000
    body = f"<html><title>x</title><form><input type=password></form><p>{text}</html>"
    assert wall_sign(document(body.encode()), BASE) is None


@pytest.mark.parametrize(
    ("path", "wall"),
    [
        *((p, True) for p in ("/login", "/de/login.php", "/users/sign_in", "/age-gate", "/over18")),
        *((p, True) for p in ("/enter.html", "/account/login/", "/consent", "/AgeVerification")),
        *((p, False) for p in ("/boobs/Ada_Fenn", "/", "/m/age-jones", "/loginna", "/18-and-ada")),
    ],
)
def test_addresses_of_walls(path, wall):
    assert wall_address(f"{BASE}{path}") is wall


# Whole crawls


@pytest.fixture
def bench(tmp_path):
    with serve_site() as site:
        records = []
        for number in range(24):
            site.person(f"Person_{number:02d}", f"Person {number:02d}", f"{number}.jpg")
            records.append(linked(24 - number, f"Person_{number:02d}", f"Person {number:02d}"))
        yield ProfileBench(site, tmp_path, records)


def walled(bench: ProfileBench, most: int) -> None:
    """The first `most` people's pages lead to a login."""

    def before(path):
        here = path.startswith("/boobs/Person_") and int(path[-2:]) < most
        return (302, {"Location": "/login"}, b"") if here else None

    bench.site.pages["/login"] = b"<html><title>Log in</title></html>"
    bench.site.before = before


@pytest.mark.parametrize("most", [24, 3])
def test_a_site_behind_a_wall_is_partial_and_keeps_its_last_snapshot(bench, most):
    bench.crawl()
    before = bench.publish("r1")
    walled(bench, most)
    manifest = bench.crawl("r2", LATER)
    assert manifest.status == "partial"
    assert f"{most} of 24 pages lay behind" in manifest.reason
    assert not manifest.full_sweep
    assert manifest.counts["pages_failed"] == manifest.counts["pages_walled"] == most
    assert manifest.counts["pages_missing"] == 0
    assert bench.publish("r2").equals(before)
    bench.site.before = lambda path: None
    bench.site.asked()
    third = bench.crawl("r3", "2026-03-15T00:00:00Z")
    assert third.status == "complete"
    assert len(bench.site.asked()) == 24  # all are old, nothing waits another four weeks
    assert bench.publish("r3")["deleted"].to_list() == [False] * 24


def test_what_was_read_before_the_wall_is_in_the_first_snapshot(bench):
    walled(bench, 12)
    assert bench.crawl().status == "partial"
    assert len(bench.publish("r1")) == 12
    bench.site.before = lambda path: None
    bench.site.asked()
    assert bench.crawl("r2", WEEK_2).status == "complete"
    pages = [path for path in bench.site.asked() if path.startswith("/boobs/")]
    assert len(pages) == 12
    assert len(bench.publish("r2")) == 24


def test_a_partial_crawl_deletes_nobody(bench):
    bench.crawl()
    bench.publish("r1")
    walled(bench, 3)
    del bench.site.pages["/boobs/Person_20"]
    bench.crawl("r2", LATER)
    assert bench.publish("r2")["deleted"].to_list() == [False] * 24


def test_a_page_or_two_behind_a_wall_are_failed_pages_of_a_complete_crawl(bench):
    walled(bench, 1)
    assert 1 / 24 < MAX_WALLED_SHARE < 2 / 24
    manifest = bench.crawl()
    assert (manifest.status, manifest.counts["pages_failed"]) == ("complete", 1)
