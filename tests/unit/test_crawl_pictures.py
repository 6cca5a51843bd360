"""Which pictures are fetched, refused, tried again; each URL once."""

from __future__ import annotations

import pytest

from scrapy_project.image_parts import image_type, unsupported_type
from tests.recorded.bench import Bench, make_bench
from tests.recorded.box import JPEG, serve
from trainer.staging.paths import DataDir
from trainer.state.ledger import ImageLedger


@pytest.fixture
def bench(tmp_path, monkeypatch):
    with serve() as box:
        box.add(9)
        yield make_bench(box, tmp_path, monkeypatch)


def test_bad_pictures_are_refused_with_their_reason_and_the_rest_goes_on(bench: Bench):
    box = bench.box
    box.pictures["/img/1.jpg"] = (200, {"Content-Type": "image/jpeg"}, b"<html>not found</html>")
    box.pictures["/img/2.jpg"] = (200, {}, b"")
    box.pictures["/img/3.jpg"] = (404, {}, b"")
    box.pictures["/img/4.jpg"] = (410, {}, b"")
    box.pictures["/img/5.jpg"] = (200, {}, JPEG + bytes(21 * 1024 * 1024))
    box.pictures["/img/6.jpg"] = (500, {}, b"")
    box.pictures["/img/7.jpg"] = (200, {"Content-Length": "9999"}, JPEG)
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
        "/img/1.jpg": ("refused", "not_an_image"),
        "/img/2.jpg": ("refused", "empty"),
        "/img/3.jpg": ("refused", "http_404"),
        "/img/4.jpg": ("refused", "http_410"),
        "/img/5.jpg": ("refused", "too_large"),
        "/img/6.jpg": ("failed", "http_500"),
        "/img/7.jpg": ("failed", "network"),
    }
    assert rows["/img/9.jpg"]["status"] == "fetched"
    assert {(e.kind, e.source) for e in manifest.errors} >= {("picture_not_an_image", "stashdb")}
    assert any(e.url == f"{box.base}/img/1.jpg" and e.field for e in manifest.errors)

    box.log.clear()
    bench.publish("r1")
    bench.crawl("r2")
    asked = {path for path in box.log if "img" in path}
    assert asked == {"/img/6.jpg", "/img/7.jpg"}


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
