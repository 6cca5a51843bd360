"""Pages through a real Chromium: one request per page, whatever the page would like."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.request
from collections.abc import Iterator

import pytest
from scrapy.http import Request

from scrapy_project.fetchers.chrome import Chrome
from scrapy_project.fetchers.errors import FetcherError, FetcherTimeout
from scrapy_project.fetchers.page import FetchedPage
from scrapy_project.fetchers.services import Service
from tests.browser.cdp import devtools
from tests.unit.fetch_bench import Crawled, Site, crawl, serve

pytestmark = pytest.mark.browser
AGENT = "honest/1 (+bench@example.org)"
# Everything that a page can load with, and a piece that only a script writes.
GREEDY = """<html><head><title>Ann</title><link rel=stylesheet href=/css><link rel=preload as=script
href=/preload><link rel=icon href=/icon><script src=/script></script></head><body><p id=by></p>
<img src=/img><iframe src=/frame></iframe><video src=/video></video><script>
document.getElementById("by").textContent = "Rendered " + 6 * 7;
const ws = location.origin.replace("http", "ws"), run = (code) => { try { code() } catch {} };
run(() => fetch("/fetch")); run(() => navigator.sendBeacon("/beacon", "x"));
run(() => new WebSocket(ws + "/socket")); run(() => new EventSource("/events"));
run(() => window.open("/popup"));
const code = `fetch("${location.origin}/worker"); new WebSocket("${ws}/worker-socket")`;
run(() => new Worker(URL.createObjectURL(new Blob([code]))));
run(() => navigator.serviceWorker.register("/service-worker"));
run(() => { const f = document.createElement("iframe"); document.body.append(f);
            new f.contentWindow.WebSocket(ws + "/frame-socket") });
</script></body></html>"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[str]:
    with devtools(tmp_path_factory.mktemp("chromium") / "profile") as address:
        yield address


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as site:
        yield site


class Visitor:
    """One connection for many tests, since each takes a second to make."""

    def __init__(self, browser: str) -> None:
        self._runner = asyncio.Runner()
        self._chrome = Chrome(Service.at("chrome", browser), AGENT, 20_000)

    def __call__(self, *requests: str | Request, seconds: float = 20) -> list[FetchedPage]:
        async def visited() -> list[FetchedPage]:
            asked = [Request(r) if isinstance(r, str) else r for r in requests]
            return [await self._chrome.fetch(request, seconds) for request in asked]

        return self._runner.run(visited())

    def close(self) -> None:
        self._runner.run(self._chrome.close())
        self._runner.close()


@pytest.fixture(scope="module")
def visit(browser) -> Iterator[Visitor]:
    visitor = Visitor(browser)
    yield visitor
    visitor.close()


def test_scripts_run_and_nothing_but_the_document_is_asked_for(visit, site):
    (page, _) = visit(site.html("/a", GREEDY), site.html("/after", "<p>later"))
    assert page.status == 200 and "Rendered 42" in page.html
    assert site.asked() == ["/a", "/after"]
    assert site.hits[0].headers["user-agent"] == AGENT == page.user_agent


# Within it Chrome asks for the site's icon, and the page for what its timers want.
RESTLESS = """<title>Ann</title><script>let n = 0;
setInterval(() => { try { fetch("/timer" + n++).catch(() => {}) } catch {} }, 1);
const until = Date.now() + 300; while (Date.now() < until);</script>"""


def test_nothing_is_let_go_when_the_tab_closes(visit, site):
    paths = [f"/{number}" for number in range(12)]
    visit(*(site.html(path, RESTLESS) for path in paths))
    assert site.asked() == paths


def test_the_sites_own_status_and_headers(visit, site):
    urls = [
        site.html("/200", "<p>Ann", ETag='"one"', Last_Modified="Thu, 01 Jan 2026 00:00:00 GMT"),
        site.html("/403", "<p>no", 403),
        site.html("/404", "", 404),
        site.html("/429", "<p>slow", 429, Retry_After="7"),
        site.html("/500", "<p>broken", 500),
    ]
    pages = visit(*urls)
    assert [page.status for page in pages] == [200, 403, 404, 429, 500]
    assert "<p>no" in pages[1].html and pages[2].html == ""
    response = pages[0].response(Request(urls[0]), "chrome")
    assert response.headers["ETag"] == b'"one"' and response.headers["Last-Modified"]
    assert pages[3].response(Request(urls[3]), "chrome").headers["Retry-After"] == b"7"


def test_a_conditional_request_is_one(visit, site):
    url = f"{site.base}/a"
    site.pages["/a"] = lambda headers: (
        (304, {}, b"") if headers.get("if-none-match") == '"one"' else (200, {}, b"<p>Ann")
    )
    (page,) = visit(Request(url, headers={"If-None-Match": '"one"', "Referer": "http://r/"}))
    assert (page.status, page.html) == (304, "")
    assert site.hits[0].headers["referer"] == "http://r/"


@pytest.mark.parametrize(
    ("body", "status", "to"),
    [
        ("", 302, "/to"),
        ("<script>location = '/to'</script>", 200, "/to"),
        ("<script>location.reload()</script>", 200, "/from"),
    ],
)
def test_redirects_are_handed_back_not_followed(visit, site, body, status, to):
    headers = {"Location": "/to"} if status == 302 else {}
    (page,) = visit(site.html("/from", body, status, Set_Cookie="seen=1", **headers))
    assert (page.status, page.onward, page.html) == (302, f"{site.base}{to}", "")
    assert ("seen", "1") in [(c["name"], c["value"]) for c in page.cookies]
    assert site.asked() == ["/from"]


def test_a_form_that_sends_itself_is_not_sent(visit, site):
    form = "<title>Ann</title><form method=post></form><script>document.forms[0].submit()</script>"
    (page,) = visit(site.html("/a", form))
    assert (page.status, site.asked()) == (200, ["/a"])


def test_text_is_decoded_as_the_page_says(visit, site):
    body = '<meta charset="iso-8859-1"><title>Zoë</title>'.encode("latin-1")
    site.pages["/a"] = (200, {"Content-Type": "text/html"}, body)
    (page,) = visit(f"{site.base}/a")
    response = page.response(Request(f"{site.base}/a"), "chrome")
    assert response.css("title::text").get() == "Zoë"


def test_pages_that_never_come_and_scripts_that_never_end(visit, site):
    given_up = threading.Event()

    def never(_headers):
        given_up.wait(120)
        return 200, {}, b"<p>late"

    site.pages["/late"] = never
    for url in (f"{site.base}/late", site.html("/busy", "<script>for (;;) {}</script>")):
        with pytest.raises(FetcherTimeout, match="no page within 1 s"):
            visit(url, seconds=1)
    given_up.set()
    assert "Ann" in visit(site.html("/a", "<p>Ann"))[0].html


def test_what_is_no_page(visit, site):
    site.pages["/file"] = (200, {"Content-Type": "application/octet-stream"}, b"\x00")
    with pytest.raises(FetcherError, match="a download, not a page"):
        visit(f"{site.base}/file")
    with pytest.raises(FetcherError, match="above 20000 bytes"):
        visit(site.html("/large", "x" * 20_001))
    with pytest.raises(FetcherError, match="ERR_"):
        visit("http://127.0.0.1:9/")


def test_nobody_there_says_so_without_the_login():
    visitor = Visitor("http://ann:s3cret@127.0.0.1:9/?token=s3cret")
    with pytest.raises(FetcherError, match="see that it runs") as failed:
        visitor("http://127.0.0.1/")
    visitor.close()
    assert "s3cret" not in repr(failed.value) and failed.value.__cause__ is None


def test_the_operators_browser_is_left_as_it_was(browser, site):
    def tabs() -> list[str]:
        with urllib.request.urlopen(f"{browser}/json/list") as answer:  # noqa: S310 - on loopback
            return sorted(tab["id"] for tab in json.load(answer) if tab["type"] == "page")

    before = tabs()
    url = site.html("/a", "<p>Ann", Set_Cookie="own=1")
    for _ in range(2):
        visitor = Visitor(browser)
        visitor(url)
        visitor.close()
    assert tabs() == before
    assert "cookie" not in site.hits[-1].headers


@pytest.fixture(scope="module")
def done(browser, tmp_path_factory) -> tuple[Crawled, Site]:
    """One whole crawl; a picture there asks for the cookie that the page sets by script."""

    def guarded(headers):
        held = headers.get("cookie") == "pass=s3cret-pass"
        return (200, {"Content-Type": "text/plain"}, b"a picture") if held else (403, {}, b"no")

    with serve() as site:
        site.html("/robots.txt", "User-agent: *\nDisallow: /private/\n")
        site.pages["/pic.jpg"] = guarded
        elsewhere = site.base.replace("127.0.0.1", "localhost")
        for path, to in (("/old", "/a"), ("/out", f"{elsewhere}/a"), ("/in", "/private/a")):
            site.pages[path] = (302, {"Location": to}, b"")
        page = (
            "<p id=x></p><script>x.textContent='Ann'; document.cookie='pass=s3cret-pass'</script>"
        )
        asked = [
            (f"{site.base}/pic.jpg", "plain"),
            (site.html("/a", page), "page"),
            (f"{site.base}/pic.jpg", "plain"),
            *((f"{site.base}{path}", "page") for path in ("/private/a", "/old", "/out", "/in")),
        ]
        address = browser.replace("://", "://ann:s3cret@")
        directory = tmp_path_factory.mktemp("crawl")
        return crawl(directory, site, asked, {"CHROME_CDP_URL": address}, fetcher="chrome"), site


def test_a_crawl_renders_pages_and_carries_their_cookie_to_pictures(done):
    answers = done[0].answers
    assert [answers[n]["status"] for n in (0, 1, 2)] == [403, 200, 200]
    assert '<p id="x">Ann</p>' in answers[1]["body"]


def test_robots_txt_and_the_site_bound_every_hop(done):
    crawled, site = done
    assert all("robots.txt" in crawled.answers[n]["message"] for n in (3, 6))
    assert crawled.answers[4]["url"] == f"{site.base}/a"
    assert crawled.answers[5]["error"] == "LedElsewhere"
    assert sorted(site.asked()) == sorted(
        ["/robots.txt", "/pic.jpg", "/a", "/pic.jpg", "/old", "/a", "/out", "/in"]
    )


def test_every_request_of_the_crawl_had_its_moment(done):
    crawled, site = done
    assert len(crawled.moments) == len(site.hits)


def test_no_secret_stands_in_log_report_or_job(done):
    assert "s3cret" not in done[0].everything
