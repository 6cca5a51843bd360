"""The main way of a crawl: everything once, then only what changed."""

from __future__ import annotations

import json
import time

import pytest

from tests.bench.measured import LATE, excess_in_worst_window
from tests.recorded.bench import Bench, make_bench
from tests.recorded.box import JPEG, KEY, person, serve


@pytest.fixture
def bench(tmp_path, monkeypatch):
    with serve() as box:
        box.add(12)
        yield make_bench(box, tmp_path, monkeypatch)


def number(n: int) -> str:
    return person(n)["id"]


def test_a_full_sweep_stages_everybody_and_every_picture_once(bench: Bench):
    manifest = bench.crawl()
    assert manifest.status == "complete", (manifest.reason, bench.log())
    assert manifest.full_sweep
    assert len(bench.performers()) == 12
    assert {row["status"] for row in bench.images().values()} == {"fetched"}
    assert manifest.watermark == "2026-01-01T00:12:00.123456Z"
    assert max(bench.box.asked.values()) == 1
    assert all(check.ok for check in manifest.checks)
    assert KEY not in bench.log()
    assert set(manifest.files) >= {"performers-p000001.parquet", "images-000000.parquet"}
    image_headers = [h for p, h in zip(bench.box.log, bench.box.headers, strict=True) if "img" in p]
    assert all("apikey" not in headers for headers in image_headers)
    assert all("stash-sense-trainer" in h["user-agent"] for h in bench.box.headers)

    bench.box.log.clear()
    assert bench.crawl().status == "complete"
    assert bench.box.log == []


def test_a_week_later_only_what_changed_is_asked_for(bench: Bench):
    bench.overrides = {"watermark_overlap_hours": 0}
    bench.crawl()
    bench.publish("r1")
    box = bench.box
    box.log.clear()
    box.people[2]["name"] = "Renamed Person"
    box.people[2]["updated"] = "2026-01-08T00:00:00Z"
    box.people.append(person(13, box.base, updated="2026-01-08T00:00:01Z"))
    box.images["/img/13.jpg"] = (200, {}, JPEG + b"13")
    manifest = bench.crawl("r2")
    assert manifest.status == "complete" and not manifest.full_sweep
    assert box.asked == {"/robots.txt": 1, "UPDATED_AT 1": 1, "/img/13.jpg": 1}
    assert manifest.watermark == "2026-01-08T00:00:01Z"
    rows = bench.publish("r2", 2)
    assert len(rows) == 13
    assert rows[2]["name"] == "Renamed Person"
    assert bench.images("r2")["/img/3.jpg"]["status"] == "known"
    assert bench.images("r2")["/img/3.jpg"]["run_id"] == "r1"


def test_a_deletion_is_found_by_a_sweep_in_the_same_crawl(bench: Bench):
    bench.overrides = {"watermark_overlap_hours": 0}
    bench.crawl()
    bench.publish("r1")
    bench.box.log.clear()
    del bench.box.people[4]
    manifest = bench.crawl("r2")
    assert manifest.status == "complete" and manifest.full_sweep
    assert not [path for path in bench.box.log if "img" in path]
    rows = {row["source_id"]: row for row in bench.publish("r2", 2)}
    assert [n for n, row in rows.items() if row["deleted"]] == [number(5)]


def test_a_merge_is_no_surprise_and_leaves_a_tombstone(bench: Bench):
    bench.overrides = {"watermark_overlap_hours": 0}
    bench.crawl()
    bench.publish("r1")
    bench.box.log.clear()
    del bench.box.people[4]
    bench.box.people[0].update(merged_ids=[number(5)], updated="2026-01-09T00:00:00Z")
    manifest = bench.crawl("r2")
    assert not manifest.full_sweep
    assert "NAME 1" not in bench.box.asked
    rows = {row["source_id"]: row for row in bench.publish("r2", 2)}
    assert rows[number(5)]["deleted"] and rows[number(5)]["merged_into_id"] == number(1)


def test_ids_that_a_sweep_missed_are_found_by_another(bench: Bench):
    box, hidden = bench.box, []

    def unstable(path, _body):
        if path == "NAME 1" and box.asked[path] == 1:
            page = box.page({"sort": "NAME", "direction": "ASC", "page": 1, "per_page": 5})
            hidden.append(page["data"]["queryPerformers"]["performers"].pop())
            return 200, {}, json.dumps(page).encode()
        return None

    box.before = unstable
    manifest = bench.crawl(enable_faces=False)
    assert manifest.status == "complete"
    assert hidden and hidden[0]["id"] in {row["source_id"] for row in bench.performers()}
    assert (box.asked["NAME 1"], box.asked["CREATED_AT 1"]) == (1, 1)


def test_ids_that_no_sweep_finds_fail_the_crawl(bench: Bench):
    bench.box.more = 2
    manifest = bench.crawl()
    assert manifest.status == "failed"
    assert "distinct_ids_equal_count: expected 14, got 12" in (manifest.reason or "")
    assert not [path for path in bench.box.log if "img" in path]


def test_without_faces_no_picture_is_fetched_and_later_they_are(bench: Bench):
    bench.overrides = {"watermark_overlap_hours": 0}
    bench.crawl(enable_faces=False)
    assert not [path for path in bench.box.log if "img" in path]
    bench.publish("r1")
    bench.crawl("r2")
    assert len(bench.images("r2")) == 12


def test_assertions_of_the_source_fail_the_crawl(bench: Bench):
    bench.overrides = {"assertions": {"min_performers": 100, "max_performers": 5}}
    manifest = bench.crawl()
    assert manifest.status == "failed"
    assert "min_performers: expected >= 100, got 12" in (manifest.reason or "")
    assert [c.name for c in manifest.checks if not c.ok] == ["min_performers", "max_performers"]


def test_pages_and_pictures_share_one_rate(bench: Bench):
    bench.overrides = {"requests_per_minute": 240}
    moments: list[float] = []
    bench.box.before = lambda path, _: (
        moments.append(time.monotonic()) if path != "/robots.txt" else None
    )
    bench.crawl()
    assert len(moments) == 3 + 12
    assert excess_in_worst_window(moments, 0.25, LATE) <= 0
