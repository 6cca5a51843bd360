"""A server that answers one request after the other with something else that is wrong."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

import brotli
import pytest
from backports import zstd

from scrapy_project.storage.records import part_meta
from tests.recorded.profile_box import (
    SOURCE,
    WEEK_2,
    ProfileBench,
    Site,
    linked,
    page,
    serve_site,
)
from trainer.staging.manifest import StageError
from trainer.staging.parquet import parts

PEOPLE = 180
IMAGE = "/wiki/images/a/ab/"
AGE_CHECK = (
    b"<html><title>Age Verification</title><h1>Are you over 18?</h1><a href=/in>Yes</a></html>"
)
LOGIN = b"<html><title>Log in - Boobpedia</title><form><input type=password></form></html>"
TEXT = page("Somebody Else").decode()


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """An answer as it goes over the wire."""
    size = len(body) if length is None else length
    head = [f"HTTP/1.1 {status}", f"Content-Length: {size}", "Connection: close", *headers]
    if not any(header.startswith("Content-Type") for header in headers):
        head.append("Content-Type: text/html")
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def led_to(location: str) -> bytes:
    return answer(b"", f"Location: {location}", status="302 Found")


def encoded(body: bytes, coding: str) -> bytes:
    return answer(body, f"Content-Encoding: {coding}")


def chunked(body: bytes) -> bytes:
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode() + body


HTML = page("Somebody Else")
DEFLATED = zlib.compress(HTML)
# fault -> what the server answers, and the kind of the error
FAILED = {
    "gzip over plain bytes": (encoded(HTML, "gzip"), "encoding"),
    "br over plain bytes": (encoded(HTML, "br"), "encoding"),
    "zstd over plain bytes": (encoded(HTML, "zstd"), "encoding"),
    "deflate over plain bytes": (encoded(HTML, "deflate"), "encoding"),
    "gzip cut off": (encoded(gzip.compress(HTML)[:-20], "gzip"), "network"),
    "gzip without its last byte": (encoded(gzip.compress(HTML)[:-1], "gzip"), "network"),
    "deflate cut off": (encoded(DEFLATED[:-9], "deflate"), "network"),
    "br cut off": (encoded(brotli.compress(HTML)[:-9], "br"), "network"),
    "zstd cut off": (encoded(zstd.compress(HTML)[:-9], "zstd"), "network"),
    "shorter than its length": (answer(HTML, length=len(HTML) + 10), "network"),
    "chunks cut off": (chunked(b"10\r\n<html><title>ab</"), "network"),
    "no last chunk": (chunked(b"6\r\n<html>\r\n"), "network"),
    "garbage for chunks": (chunked(b"zz\r\n<html>"), "network"),
    "no HTTP": (b"\x00\xff\x00garbage\r\n\r\n", "network"),
    "no answer": (b"", "network"),
    "a length that is no number": (
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n<html>",
        "network",
    ),
    "redirect to a port that is none": (led_to("http://127.0.0.1:99999/x"), "bad_redirect"),
    "redirect to an open bracket": (led_to("http://[::1/x"), "bad_redirect"),
    "redirect to a host with a space": (led_to("http://a b.example/x"), "bad_redirect"),
    "redirect to another scheme": (led_to("file:///etc/passwd"), "address_refused"),
    "server error": (answer(b"", status="500 Oh"), "http_500"),
    "odd Retry-After": (answer(b"", "Retry-After: \xb2", status="503 Oh"), "http_503"),
    "no such day": (
        answer(b"", "Retry-After: Tue, 31 Feb 2026 00:00:00 GMT", status="503 Oh"),
        "http_503",
    ),
}
WALLED = {
    "redirect to a login": (led_to("/login"), "wall"),
    "redirect to an age check": (led_to("/age-check?back=x"), "wall"),
    "redirect to the front page": (led_to("/"), "wall"),
    "redirect to nothing but a scheme": (led_to("http:///"), "wall"),
    "an age check": (answer(AGE_CHECK), "wall"),
    "a login": (answer(LOGIN), "wall"),
}
UNREADABLE = {
    "not in the header's charset": (
        answer(
            page("Zo\u00eb").replace("\u00eb".encode(), b"\xeb"),
            "Content-Type: text/html; charset=utf-8",
        ),
        "charset",
    ),
    "not in its own charset": (
        answer(b"<meta charset=utf-8>" + page("Zo\u00eb").replace("\u00eb".encode(), b"\xeb")),
        "charset",
    ),
    "empty": (answer(b""), "field_missing"),
}
IMAGES = {
    "a page": (answer(b"<!DOCTYPE html><title>Just a sec</title>"), "html_instead_of_picture"),
    "a page that says it is one": (
        answer(b"<html>Log in</html>", "Content-Type: image/jpeg"),
        "html_instead_of_picture",
    ),
    "a check for robots": (answer(b"<title>Just a moment...</title>"), "challenge"),
    "JSON": (answer(b'{"error": "no"}', "Content-Type: image/jpeg"), "html_instead_of_picture"),
    "no bytes": (answer(b"", "Content-Type: image/jpeg"), "empty"),
    "cut off": (answer(b"\xff\xd8\xff\xe0half", length=999), "network"),
    "gzip over a picture": (encoded(b"\xff\xd8\xff\xe0picture", "gzip"), "encoding"),
    "redirect to a port that is none": (led_to("http://127.0.0.1:99999/x"), "bad_redirect"),
}
PAGES = FAILED | WALLED | UNREADABLE


def slug(number: int) -> str:
    return f"Person_{number:03d}"


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ProfileBench, Site]]:
    """A first crawl with every fault once: of the page of each person, or of its picture."""
    with serve_site() as site:
        records = []
        for number in range(PEOPLE):
            name = slug(number).replace("_", " ")
            site.person(slug(number), name, f"{number}.jpg")
            records.append(linked(PEOPLE - number, slug(number), name))
        site.pages["/login"], site.pages["/"] = LOGIN, b"<html><title>Boobpedia</title></html>"
        site.pages["/age-check?back=x"] = AGE_CHECK
        for number, (raw, _) in enumerate(PAGES.values()):
            site.raw[f"/boobs/{slug(number)}"] = raw
        for number, (raw, _) in enumerate(IMAGES.values(), len(PAGES)):
            site.raw[f"{IMAGE}{number}.jpg"] = raw
        yield ProfileBench(site, tmp_path_factory.mktemp("answers"), records), site


@pytest.fixture(scope="module")
def first(crawled):
    return crawled[0].crawl()


def test_only_what_was_faulty_is_lost(crawled, first):
    bench, _ = crawled
    assert first.status == "complete", (first.reason, first.errors)
    assert set(bench.rows()) == {slug(number) for number in range(len(PAGES), PEOPLE)}
    assert first.counts["pages_missing"] == 0
    assert first.counts["pages_failed"] == len(FAILED) + len(WALLED)
    assert first.counts["pages_walled"] == len(WALLED)
    fetched = {row["url"].rpartition("/")[2] for row in bench.images() if row["sha256"]}
    assert fetched == {f"{n}.jpg" for n in range(len(PAGES) + len(IMAGES), PEOPLE)}
    assert not [row for row in bench.images() if row["status"] == "refused"]


def page_parts(bench):
    """Parts hold every error on its own; the crawl's record groups them."""
    return parts(bench.root / "runs" / "r1" / "staging" / SOURCE, "performers-")


@pytest.mark.parametrize("fault", PAGES)
def test_every_page_has_its_error(crawled, first, fault):
    number = list(PAGES).index(fault)
    found = [e for path in page_parts(crawled[0]) for e in part_meta(path)["errors"]]
    (error,) = [
        StageError.model_validate(e) for e in found if e["url"].endswith(f"/boobs/{slug(number)}")
    ]
    assert (error.kind, error.source) == (PAGES[fault][1], SOURCE)
    assert error.message and "<" not in error.message and "Error" not in error.message


@pytest.mark.parametrize("fault", IMAGES)
def test_every_picture_has_its_error(crawled, first, fault):
    number = len(PAGES) + list(IMAGES).index(fault)
    (row,) = [row for row in crawled[0].images() if row["url"].endswith(f"/{number}.jpg")]
    assert (row["status"], row["reason"].partition(":")[0]) == ("failed", IMAGES[fault][1])
    kinds = {error.kind: error.source for error in first.errors}
    assert kinds[f"picture_{IMAGES[fault][1]}"] == SOURCE


def test_the_next_week_all_is_well(crawled, first):
    bench, site = crawled
    bench.publish("r1")
    site.raw.clear()
    site.asked()
    manifest = bench.crawl("r2", WEEK_2)
    assert (manifest.status, manifest.errors) == ("complete", [])
    assert len(bench.rows("r2")) == PEOPLE
    asked = set(site.asked())
    assert {path for path in asked if path.startswith("/boobs/")} == {
        f"/boobs/{slug(number)}" for number in range(len(PAGES))
    }
    images = {f"{IMAGE}{number}.jpg" for number in range(len(PAGES) + len(IMAGES))}
    assert {path for path in asked if path.startswith(IMAGE)} == images
    assert bench.publish("r2")["deleted"].to_list() == [False] * PEOPLE
