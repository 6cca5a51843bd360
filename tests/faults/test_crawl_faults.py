"""Bad servers, bad keys, kills: a clear reason, nothing half, nothing twice."""

from __future__ import annotations

import json
import signal
import time

import pytest

from tests.recorded.bench import Bench, make_bench
from tests.recorded.box import serve
from tests.waiting import DEADLINE, wait_for
from trainer.snapshots.store import fold_snapshot
from trainer.staging.manifest import StageManifest


@pytest.fixture
def bench(tmp_path, monkeypatch):
    with serve() as box:
        box.add(12)
        yield make_bench(box, tmp_path, monkeypatch)


def pages(bench: Bench) -> list[str]:
    return [path for path in bench.box.log if path.startswith("NAME")]


def test_a_wrong_key_stops_at_once_and_names_the_variable(bench, monkeypatch):
    monkeypatch.setenv("STASHDB_API_KEY", "the-wrong-key")
    manifest = bench.crawl()
    assert manifest.status == "blocked"
    assert "STASHDB_API_KEY" in manifest.reason
    assert len(pages(bench)) == 1
    assert "the-wrong-key" not in bench.log()
    staging = bench.context("r1").run.staging("stashdb")
    assert "the-wrong-key" not in (staging / "_RUN.json").read_text()


def test_a_key_without_rights_is_a_graphql_error(bench):
    answer = json.dumps({"errors": [{"message": "Not authorized"}], "data": None}).encode()
    bench.box.before = lambda path, _: (200, {}, answer) if "NAME" in path else None
    manifest = bench.crawl()
    assert manifest.status == "blocked" and "STASHDB_API_KEY" in manifest.reason
    assert len(pages(bench)) == 1


def test_a_missing_key_skips_the_source_without_a_request(bench, monkeypatch):
    monkeypatch.delenv("STASHDB_API_KEY")
    manifest = bench.crawl()
    assert manifest.status == "skipped" and "STASHDB_API_KEY" in manifest.reason
    assert bench.box.log == []


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, b"", "http_500"),
        (200, b"\x00\xffgarbage", "garbage"),
        (200, b"<html>maintenance</html>", "html"),
        (200, b'{"errors": [{"message": "boom"}]}', "graphql"),
        (302, b"", "http_302"),
    ],
)
def test_a_page_that_cannot_be_had_fails_the_crawl_and_keeps_the_rest(bench, status, body, kind):
    bench.overrides = {"concurrent_requests": 1}  # page 3 is not on its way when page 2 fails
    headers = {"Location": "https://example.org/"} if status == 302 else {}
    bench.box.before = lambda path, _: (status, headers, body) if path == "NAME 2" else None
    manifest = bench.crawl()
    assert manifest.status == "failed"
    error = next(e for e in manifest.errors if e.kind == kind)
    assert error.source == "stashdb" and error.url.endswith("/graphql#page=2")
    assert len(bench.performers()) == 5
    assert fold_snapshot(bench.context("r1"), "stashdb", excluded=set()) is None

    bench.box.before = lambda path, _: None
    assert bench.crawl().status == "complete"
    assert bench.box.asked["NAME 1"] == 1


def test_an_error_that_passes_is_retried(bench):
    first = {"NAME 2": (503, {"Retry-After": "1"}, b"")}
    bench.box.before = lambda path, _: first.pop(path, None)
    began = time.monotonic()
    assert bench.crawl(enable_faces=False).status == "complete"
    assert time.monotonic() - began > 1
    assert bench.box.asked["NAME 2"] == 2


def test_429_for_ever_is_blocked(bench):
    bench.box.before = lambda path, _: (429, {"Retry-After": "0"}, b"") if "NAME" in path else None
    manifest = bench.crawl()
    assert manifest.status == "blocked" and "requests_per_minute" in manifest.reason


def test_robots_txt_is_obeyed(bench):
    bench.box.robots = b"User-agent: *\nDisallow: /graphql\n"
    manifest = bench.crawl()
    assert manifest.status == "blocked" and "robots.txt" in manifest.reason
    assert pages(bench) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_private_addresses_are_refused_by_default(bench, host):
    bench.private = False
    bench.overrides = {"base_url": f"{bench.box.base.replace('127.0.0.1', host)}/graphql"}
    manifest = bench.crawl()
    assert manifest.status == "blocked", (manifest.reason, bench.log())
    assert "TRAINER_ALLOW_PRIVATE_HOSTS" in manifest.reason
    assert bench.box.log == []


def test_a_bad_record_is_named_and_the_others_are_kept(bench):
    bench.box.add(30)
    bench.box.people[3].update(id="bad-one", updated=None)
    manifest = bench.crawl()
    assert manifest.status == "complete", manifest.reason
    assert len(bench.performers()) == 29
    error = next(e for e in manifest.errors if e.kind == "field_invalid")
    assert error.field == "updated" and "bad-one" in error.message and error.url


def killed(bench: Bench, number: int, after: str) -> None:
    child = bench.start()
    wait_for(lambda: [path for path in bench.box.log if path.startswith(after)], every=0.02)
    time.sleep(0.3)
    child.send_signal(number)
    child.wait(DEADLINE)


def test_after_kill_9_only_what_was_in_hand_is_fetched_again(bench):
    bench.box.add(40)
    bench.box.images["/img/1.jpg"] = (200, {}, b"<html>no picture</html>")
    bench.overrides = {"requests_per_minute": 1200, "part_rows": 2, "concurrent_requests": 2}
    killed(bench, signal.SIGKILL, "/img/2")
    before = bench.images()
    assert 0 < len(before) < 40
    assert StageManifest.read(bench.context("r1").run.staging("stashdb")) is None
    manifest = bench.crawl()
    assert manifest.status == "complete"
    assert len(bench.performers()) == 40 and len(bench.images()) == 40
    # The report is of the whole run, not of its last attempt.
    assert manifest.counts["pictures_fetched"] == 39
    assert manifest.counts["pictures_failed"] == 1
    assert [e.kind for e in manifest.errors] == ["picture_html_instead_of_picture"]
    again = {path: n for path, n in bench.box.asked.items() if n > 1 and path != "/robots.txt"}
    assert not [path for path in again if path.startswith("NAME")]
    assert len(again) <= 2 + 2 + 1  # the part in hand and what was on its way


def test_after_kill_9_between_pages_the_pages_are_kept(bench):
    bench.overrides = {"requests_per_minute": 240, "page_size": 1}
    killed(bench, signal.SIGKILL, "NAME 4")
    assert bench.crawl(enable_faces=False).status == "complete"
    again = sum(n - 1 for path, n in bench.box.asked.items() if path.startswith("NAME"))
    assert again <= 4  # what was on its way


def test_sigterm_keeps_the_part_in_hand(bench):
    bench.box.add(40)
    bench.overrides = {"requests_per_minute": 1200, "part_rows": 1000}
    killed(bench, signal.SIGTERM, "/img/3")
    manifest = StageManifest.read(bench.context("r1").run.staging("stashdb"))
    assert manifest is None or manifest.status == "failed"
    kept = bench.images()
    assert len(kept) > 1
    bench.box.log.clear()
    assert bench.crawl().status == "complete"
    assert not set(kept) & set(bench.box.log)


def test_a_failed_source_keeps_its_last_snapshot(bench):
    bench.crawl()
    rows = bench.publish("r1")
    bench.box.before = lambda path, _: (500, {}, b"") if "UPDATED" in path else None
    assert bench.crawl("r2").status == "failed"
    assert bench.publish("r2", 2) == rows


def test_a_full_disk_leaves_no_half_file_and_says_so(bench):
    bench.box.add(200)
    bench.overrides = {"page_size": 100}
    # A file size limit fails writes as a full disk does: in the middle.
    child = bench.start(largest_file=6_000)
    child.wait(DEADLINE)
    staging = bench.context("r1").run.staging("stashdb")
    manifest = StageManifest.read(staging)
    assert manifest is not None and manifest.status == "failed"
    assert manifest.reason is not None and "free disk space" in manifest.reason
    assert not list(staging.glob(".tmp-*")) and not list(staging.glob("performers-*"))
    assert bench.crawl().status == "complete"
