"""Which pictures are fetched, refused, tried again; each URL once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scrapy_project.storage.image_parts import image_type, no_image, unsupported_type
from tests.recorded.bench import Bench, make_bench
from tests.recorded.box import JPEG, serve
from trainer.snapshots.image_ledger import REFUSED_DAYS, ImageLedger
from trainer.staging.clock import parse_iso
from trainer.staging.parquet import parts, read_parts, write_rows
from trainer.staging.paths import DataDir
from trainer.staging.schemas import IMAGES


@pytest.fixture
def bench(tmp_path, monkeypatch):
    with serve() as box:
        box.add(9)
        yield make_bench(box, tmp_path, monkeypatch)


def test_bad_pictures_are_refused_with_their_reason_and_the_rest_goes_on(bench: Bench):
    box = bench.box
    box.images["/img/1.jpg"] = (200, {"Content-Type": "image/jpeg"}, b"<html>not found</html>")
    box.images["/img/2.jpg"] = (200, {}, b"")
    box.images["/img/3.jpg"] = (404, {}, b"")
    box.images["/img/4.jpg"] = (410, {}, b"")
    box.images["/img/5.jpg"] = (200, {}, JPEG + bytes(21 * 1024 * 1024))
    box.images["/img/6.jpg"] = (500, {}, b"")
    box.images["/img/7.jpg"] = (200, {"Content-Length": "9999"}, JPEG)
    box.people[7]["images"][0]["url"] = "file:///etc/passwd"
    manifest = bench.crawl()
    assert manifest.status == "complete", manifest.reason
    strange = next(e for e in manifest.errors if e.field == "images.url" and "8" in e.message)
    assert strange.kind == "field_invalid"  # the record stays, the picture's address does not
    rows = bench.images()
    found = {
        url: (row["status"], row["reason"].partition(":")[0])
        for url, row in rows.items()
        if row["reason"]
    }
    assert found == {
        "/img/1.jpg": ("failed", "html_instead_of_picture"),
        "/img/2.jpg": ("failed", "empty"),
        "/img/3.jpg": ("refused", "http_404"),
        "/img/4.jpg": ("refused", "http_410"),
        "/img/5.jpg": ("refused", "too_large"),
        "/img/6.jpg": ("failed", "http_500"),
        "/img/7.jpg": ("failed", "network"),
    }
    assert rows["/img/9.jpg"]["status"] == "fetched"
    kinds = {(e.kind, e.source) for e in manifest.errors}
    assert kinds >= {("picture_html_instead_of_picture", "stashdb")}
    assert any(e.url == f"{box.base}/img/1.jpg" and e.field for e in manifest.errors)

    box.log.clear()
    bench.publish("r1")
    bench.crawl("r2")
    asked = {path for path in box.log if "img" in path}
    assert asked == {f"/img/{n}.jpg" for n in (1, 2, 6, 7)}

    box.log.clear()
    bench.publish("r2")
    bench.crawl("r3", full_refresh=True)
    asked = {path for path in box.log if "img" in path}
    assert asked == {f"/img/{n}.jpg" for n in range(1, 8)}  # what was refused, too


def test_a_picture_of_two_performers_is_fetched_once(bench: Bench):
    bench.box.people[1]["images"] = bench.box.people[0]["images"]
    bench.crawl()
    assert bench.box.asked["/img/1.jpg"] == 1
    assert "/img/2.jpg" not in bench.box.asked


def test_the_cap_of_pictures_holds(bench: Bench):
    bench.overrides = {"images_per_page": 1}
    bench.box.people[0]["images"] += bench.box.people[1]["images"] * 2
    bench.box.people[1]["images"] = []
    bench.crawl()
    assert "/img/2.jpg" not in bench.box.asked


def test_pictures_are_asked_again_when_their_bytes_are_gone(bench: Bench):
    bench.crawl()
    bench.publish("r1")
    row = bench.images()["/img/3.jpg"]
    DataDir(bench.root).image(row["sha256"]).unlink()
    bench.box.log.clear()
    bench.crawl("r2", full_refresh=True)
    assert [path for path in bench.box.log if "img" in path] == ["/img/3.jpg"]


def test_the_ledger_knows_what_an_unpublished_run_fetched(bench: Bench):
    bench.crawl("crashed")
    ledger = ImageLedger(DataDir(bench.root), "another")
    known = ledger.known(f"{bench.box.base}/img/1.jpg")
    assert known and known["run_id"] == "crashed"
    assert ledger.known("https://example.org/never-seen.jpg") is None
    bench.box.log.clear()
    bench.crawl("another")
    assert not [path for path in bench.box.log if "img" in path]
    assert {row["run_id"] for row in bench.images("another").values()} == {"crashed"}


def test_a_host_that_refuses_again_and_again_is_left_alone(bench: Bench):
    bench.overrides = {"concurrent_requests": 1}
    bench.box.add(20)
    bench.box.before = lambda path, _: (403, {}, b"") if "img" in path else None
    manifest = bench.crawl()
    assert manifest.status == "blocked"
    assert "refused 8 pictures in a row" in (manifest.reason or "")
    assert len([path for path in bench.box.log if "img" in path]) == 8


PAGES = {
    "challenge": b"<html><title>Just a moment...</title></html>",
    "html_instead_of_picture": b"<html><title>Log in</title></html>",
    "empty": b"",
}


@pytest.mark.parametrize("kind", PAGES)
def test_a_host_that_answers_with_pages_is_left_alone_like_one_that_refuses(bench: Bench, kind):
    bench.overrides = {"concurrent_requests": 1}
    bench.box.add(20)
    bench.box.before = lambda path, _: (200, {}, PAGES[kind]) if "img" in path else None
    manifest = bench.crawl()
    assert manifest.status == "blocked"
    assert manifest.reason is not None
    assert "refused 8 pictures in a row" in manifest.reason and kind in manifest.reason
    assert {e.kind for e in manifest.errors} == {f"picture_{kind}"}
    assert {row["status"] for row in bench.images().values()} == {"failed"}


def test_a_crawl_without_its_pictures_is_partial_and_the_next_one_is_whole(bench: Bench):
    bench.box.before = lambda path, _: (500, {}, b"") if "img" in path else None
    manifest = bench.crawl()
    assert (manifest.status, manifest.counts["pictures_failed"]) == ("partial", 9)
    assert "9 of 9 pictures could not be had" in str(manifest.reason)
    bench.publish("r1")
    bench.box.before = lambda path, _: None
    assert bench.crawl("r2").status == "complete"
    assert all(row["sha256"] for row in bench.images("r2").values())


def test_a_picture_that_an_earlier_version_took_for_bad_heals(bench: Bench):
    bench.crawl("crashed")
    data = DataDir(bench.root)
    directory = data.run("crashed").staging("stashdb")
    rows = read_parts(parts(directory, "images-"), IMAGES).to_pylist()
    for path in parts(directory, "images-"):
        path.unlink()
    reasons = ("not_an_image: neither JPEG, PNG nor WebP", "empty: no bytes", "http_404: gone")
    for row, reason in zip(rows, reasons, strict=False):
        row.update(status="refused", sha256=None, reason=reason)
    write_rows(directory / "images-000000.parquet", rows, IMAGES)
    bench.box.log.clear()
    bench.crawl("another")
    assert {path for path in bench.box.log if "img" in path} == {
        row["url"].removeprefix(bench.box.base) for row in rows[:2]
    }


def test_a_refusal_expires(bench: Bench):
    bench.box.images["/img/1.jpg"] = (200, {}, b"GIF89a\x00\x01and so on")
    bench.crawl()
    bench.publish("r1")
    url = f"{bench.box.base}/img/1.jpg"
    row = bench.images()["/img/1.jpg"]
    assert (row["status"], row["reason"].partition(":")[0]) == ("refused", "not_an_image")
    fetched = parse_iso(row["fetched_at"])
    for days, known in ((REFUSED_DAYS - 1, True), (REFUSED_DAYS, False)):
        ledger = ImageLedger(DataDir(bench.root), "r2", fetched + timedelta(days=days))
        assert (ledger.known(url) is not None) is known
        assert ledger.known(f"{bench.box.base}/img/2.jpg")  # what was fetched, stays
    assert ImageLedger(DataDir(bench.root), "r2", fetched, full_refresh=True).known(url) is None


@pytest.mark.parametrize(
    ("content", "content_type", "found"),
    [
        (b"", "image/jpeg", ("failed", "empty")),
        (b"\xef\xbb\xbf  <!doctype html>", "image/jpeg", ("failed", "html_instead_of_picture")),
        ("<html>".encode("utf-16"), "image/jpeg", ("failed", "html_instead_of_picture")),
        (b'{"error": 1}', "image/png", ("failed", "html_instead_of_picture")),
        (b"slow down", "text/plain", ("failed", "html_instead_of_picture")),
        (b"slow down", None, ("failed", "html_instead_of_picture")),
        (b"\x00\x01\x02", "text/html; charset=x", ("failed", "html_instead_of_picture")),
        (b"\x00\x01\x02garbage", "image/jpeg", ("refused", "not_an_image")),
        (b"GIF89a\x00", "image/gif", ("refused", "not_an_image")),
        (b"\x00\x00\x00 ftypavif", "image/avif", ("refused", "not_an_image")),
        (b"<svg xmlns='x'>", "image/svg+xml", ("refused", "not_an_image")),
        (b"<?xml version='1.0'?><svg>", None, ("refused", "not_an_image")),
    ],
)
def test_what_comes_in_place_of_a_picture(content, content_type, found):
    status, reason = no_image(content, content_type)
    assert (status, reason.partition(":")[0]) == found


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (JPEG, "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n123", "image/png"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1avif", "image/avif"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0avifmiaf", "image/avif"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", None),
        (b"\0\0\0\x18ftypmp42\0\0\0\0isommp42", None),
        (b"\xff\x0a\xfa", None),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"GIF89a", None),
        (b"<svg>", None),
        (b"", None),
    ],
)
def test_pictures_are_told_by_their_first_bytes(content, expected):
    assert image_type(content) == expected


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "unsupported_heic: image/heic is not decoded"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "unsupported_jxl: image/jxl is not decoded"),
        (JPEG, None),
        (b"GIF89a", None),
    ],
)
def test_pictures_that_nothing_decodes_are_refused_by_their_name(content, reason):
    assert unsupported_type(content) == reason
