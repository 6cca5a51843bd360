"""The client against the look-alike: sessions, answers, and everything that goes wrong."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request

import pytest
from scrapy.http import Request

from demo.world.flaresolverr import CLEARANCE, USER_AGENT
from demo.world.flaresolverr import FlareSolverr as LookAlike
from scrapy_project.fetchers.errors import FetcherError, FetcherTimeout
from scrapy_project.fetchers.flaresolverr import FlareSolverr
from scrapy_project.fetchers.page import FetchedPage
from scrapy_project.fetchers.services import Service
from tests.unit.fetch_bench import Site, serve
from tests.waiting import DEADLINE
from trainer.config.settings import REPO_ROOT

SESSION = "stash-sense-trainer-bench"


@pytest.fixture
def site():
    with serve() as site:
        yield site


@pytest.fixture
def service():
    with LookAlike() as service:
        yield service


def visit(
    address: str, *urls: str, max_bytes: int = 1_000_000, seconds: float = 10
) -> list[FetchedPage]:
    """The pages at `urls`, by one client that is closed afterwards."""

    async def visited() -> list[FetchedPage]:
        client = FlareSolverr(Service.at("flaresolverr", address), "bench", max_bytes)
        try:
            return [await client.fetch(Request(url), seconds) for url in urls]
        finally:
            await client.close()

    return asyncio.run(visited())


def commands(service: LookAlike) -> list[tuple[str, str | None]]:
    return [(asked.cmd, asked.session) for asked in service.log]


def test_one_session_for_all_pages_destroyed_at_the_end(service, site):
    url = site.html("/a", "<title>Ann</title>é")
    pages = visit(service.url, url, url)
    assert commands(service) == [
        ("sessions.create", SESSION),
        ("request.get", SESSION),
        ("request.get", SESSION),
        ("sessions.destroy", SESSION),
    ]
    assert service.sessions == {}
    assert [(p.url, p.status, p.html) for p in pages] == [(url, 200, "<title>Ann</title>é")] * 2


def test_cookies_and_user_agent_of_its_browser_come_along(service, site):
    url = site.html("/a", "Ann", Set_Cookie="own=1; Path=/")
    (page,) = visit(service.url, url)
    assert page.user_agent == USER_AGENT == site.hits[0].headers["user-agent"]
    assert {c["name"]: c["value"] for c in page.cookies} == {"own": "1", CLEARANCE[0]: CLEARANCE[1]}


@pytest.mark.parametrize(("tells", "status"), [(True, 404), (False, 200)])
def test_the_status_is_what_the_service_says(site, tells, status):
    with LookAlike(tells_status=tells) as service:
        (page,) = visit(service.url, f"{site.base}/nobody")
    assert (page.status, page.html) == (status, "<p>nobody here</p>")


def test_a_redirect_is_handed_back_not_followed(service, site):
    site.html("/new", "Ann")
    site.pages["/old"] = (301, {"Location": "/new"}, b"")
    (page,) = visit(service.url, f"{site.base}/old")
    assert (page.status, page.headers["Location"], page.html) == (302, f"{site.base}/new", "")


def test_an_answer_has_the_mark_of_its_encoding(service, site):
    url = site.html("/a", '<meta charset="iso-8859-1"><title>Zoë</title>')
    (page,) = visit(service.url, url)
    response = page.response(Request(url), "flaresolverr")
    assert response.body.startswith(b"\xef\xbb\xbf") and response.css("title::text").get() == "Zoë"


@pytest.mark.parametrize(
    ("trouble", "error", "says"),
    [
        ("timeout", FetcherTimeout, "Timeout after 10.0 seconds"),
        ("error", FetcherError, "tab crashed"),
        ("not_json", FetcherError, "HTTP 502 in no form known"),
        ("no_page", FetcherError, "reached nobody"),
    ],
)
def test_its_failures_are_the_fetchers_and_the_next_page_is_fine(
    service, site, trouble, error, says
):
    url = site.html("/a", "Ann")
    service.troubles = [trouble]
    with pytest.raises(error, match=says) as failed:
        visit(service.url, url)
    assert service.url in str(failed.value)
    assert visit(service.url, url)[0].html == "Ann"
    assert commands(service)[2] == ("sessions.destroy", SESSION)


def test_a_service_that_takes_too_long_is_not_waited_for(service, site, monkeypatch):
    monkeypatch.setattr("scrapy_project.fetchers.flaresolverr.MARGIN_SECONDS", 0.2)
    service.slow_seconds, service.troubles = 10, ["slow"]
    with pytest.raises(FetcherTimeout, match="did not answer in time"):
        visit(service.url, site.html("/a", "Ann"), seconds=0.1)


def test_a_site_that_bars_its_browser_refuses_us(service, site):
    service.troubles = ["barred"]
    assert visit(service.url, site.html("/a", "Ann"))[0].status == 403


def test_a_session_lost_in_a_restart_is_made_anew(service, site):
    service.troubles = ["lost_session"]
    assert visit(service.url, site.html("/a", "Ann"))[0].html == "Ann"
    assert [cmd for cmd, _ in commands(service)] == [
        *("sessions.create", "request.get", "sessions.create", "request.get", "sessions.destroy")
    ]


def test_a_session_that_is_gone_at_the_end_is_a_warning(service, site, caplog, monkeypatch):
    async def visited():
        client = FlareSolverr(Service.at("flaresolverr", service.url), "bench", 10**6)
        await client.fetch(Request(site.html("/a", "Ann")), 10)
        monkeypatch.setattr(service, "answer", lambda *_: (502, b"bad gateway"))
        await client.close()

    asyncio.run(visited())
    assert "kept its session" in caplog.text


def test_nobody_there(site):
    with LookAlike() as service:
        address = service.url
    with pytest.raises(FetcherError, match=r"can't be reached.*see that it runs"):
        visit(address, site.html("/a", "Ann"))


def test_something_else_there(site):
    with pytest.raises(FetcherError, match="see that FLARESOLVERR_URL leads to a FlareSolverr"):
        visit(site.base, site.html("/a", "Ann"))


def test_an_answer_of_any_size_is_not_read(service, site):
    with pytest.raises(FetcherError, match="above 5000 bytes"):
        visit(service.url, site.html("/a", "x" * 6000), max_bytes=5000)


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/"])
def test_the_login_is_sent_as_a_header_and_shown_to_nobody(service, site, path, caplog):
    address = service.url.replace("://", "://ann:s3cret@") + path
    service.troubles = ["error"]
    with caplog.at_level("DEBUG"), pytest.raises(FetcherError) as failed:
        visit(address, site.html("/a", "Ann"))
    assert {asked.authorization for asked in service.log} == {"Basic YW5uOnMzY3JldA=="}
    assert "s3cret" not in f"{failed.value!r} {caplog.text}"
    assert failed.value.__cause__ is None


@pytest.mark.parametrize(
    "answer",
    [
        {"status": "ok"},
        {"status": "ok", "solution": {"url": "x", "status": "ok"}},
        {"status": "ok", "solution": {"url": "x", "status": 200, "cookies": "none"}},
        [],
    ],
)
def test_answers_of_another_form_are_errors(site: Site, answer, monkeypatch):
    made = {"status": "ok", "message": "", "session": SESSION}
    answers = iter([made, answer, made])
    with LookAlike() as service:
        monkeypatch.setattr(service, "answer", lambda *_: (200, json.dumps(next(answers)).encode()))
        with pytest.raises(FetcherError):
            visit(service.url, f"{site.base}/a")


def test_what_may_be_absent_may_be_null(site: Site, monkeypatch):
    made = {"status": "ok", "message": "", "session": SESSION}
    url = f"{site.base}/a"
    solution = {"url": url, "status": 200, "response": "Ann", "headers": None, "cookies": None}
    answers = iter([made, {"status": "ok", "solution": solution}, made])
    with LookAlike() as service:
        monkeypatch.setattr(service, "answer", lambda *_: (200, json.dumps(next(answers)).encode()))
        assert visit(service.url, url)[0].html == "Ann"


def test_the_look_alike_as_a_program():
    command = [sys.executable, "-m", "demo.world.flaresolverr", "--port", "0"]
    process = subprocess.Popen(command, cwd=REPO_ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        ready = process.stdout.readline()
        with urllib.request.urlopen(ready.rsplit(maxsplit=1)[1], timeout=DEADLINE) as answer:  # noqa: S310 - on loopback
            assert json.load(answer)["msg"] == "FlareSolverr is ready!"
    finally:
        process.terminate()
        assert process.wait(timeout=DEADLINE) == 0
