"""Storms, shared hosts and checks for robots: never above the budget, and an end to it."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack

import pytest

from tests.bench.measured import LATE, excess_in_worst_window
from tests.recorded.bench import Bench, make_bench
from tests.recorded.box import serve
from tests.redis_server import redis_server
from trainer.crawl.run import crawl_source

CHECK = b"<!DOCTYPE html><title>Just a moment...</title><p>Are you a robot?</p>"


@pytest.fixture
def bench(tmp_path, monkeypatch):
    with serve() as box:
        box.add(12)
        yield make_bench(box, tmp_path, monkeypatch)


def moments_of(bench: Bench, answer=lambda path, asked: None) -> list[float]:
    """When requests come, robots.txt and retries included."""
    moments: list[float] = []

    def before(path, _body):
        moments.append(time.monotonic())
        return answer(path, bench.box.asked[path])

    bench.box.before = before
    return moments


def test_in_a_storm_of_429_retries_keep_to_the_budget_and_the_crawl_ends_whole(bench):
    bench.box.add(6)
    bench.overrides = {"requests_per_minute": 300, "retries": 3}
    refused = (429, {"Retry-After": "0"}, b"")
    moments = moments_of(bench, lambda path, asked: refused if asked < 3 else None)
    manifest = bench.crawl()
    assert manifest.status == "complete", (manifest.reason, bench.log())
    assert len(bench.images()) == 6
    assert len(moments) == 3 * (2 + 6) + bench.box.asked["/robots.txt"]
    assert excess_in_worst_window(moments, 0.2, LATE) <= 0


@pytest.mark.parametrize("budgets", ["", "shared-files", "redis"])
def test_two_crawls_of_a_host_share_one_budget(bench, tmp_path, monkeypatch, budgets):
    """Wherever it is kept: on one machine, or for several."""
    with ExitStack() as stack:
        if budgets == "redis":
            budgets = stack.enter_context(redis_server(tmp_path / "redis"))
        monkeypatch.setenv("TRAINER_BUDGETS", budgets)
        crawl_twice(bench)


def crawl_twice(bench: Bench) -> None:
    bench.overrides = {"requests_per_minute": 300, "page_size": 1}
    moments = moments_of(bench)
    contexts = [bench.context(run_id, enable_faces=False) for run_id in ("r1", "r2")]
    crawls = [
        threading.Thread(target=crawl_source, args=(context, "stashdb")) for context in contexts
    ]
    for crawl in crawls:
        crawl.start()
    for crawl in crawls:
        crawl.join()
    assert len(moments) == 2 * (1 + 12)
    assert excess_in_worst_window(moments, 0.2, LATE) <= 0


def test_a_longer_pause_than_a_crawl_waits_ends_it_and_holds_the_next_one(bench):
    bench.box.before = lambda path, _: (
        (429, {"Retry-After": "7200"}, b"") if "NAME" in path else None
    )
    assert bench.crawl().status == "blocked"
    assert bench.box.asked["NAME 1"] == 1
    bench.box.before = lambda path, _: None
    bench.box.log.clear()
    manifest = bench.crawl()
    assert manifest.status == "blocked" and "asked to be left alone" in manifest.reason
    assert bench.box.log == []


def test_a_check_for_robots_instead_of_data_blocks_the_source(bench):
    bench.box.before = lambda path, _: (403, {}, CHECK) if "NAME" in path else None
    manifest = bench.crawl()
    assert manifest.status == "blocked" and "check for robots" in manifest.reason
    assert "API key" not in manifest.reason
    assert bench.box.asked["NAME 1"] == 1


def test_one_came_and_one_went_is_no_coincidence(bench):
    bench.overrides = {"watermark_overlap_hours": 0}
    bench.crawl(enable_faces=False)
    bench.publish("r1")
    gone = bench.box.people.pop(4)["id"]
    newcomer = {**bench.box.people[0], "id": "newcomer", "updated": "2026-01-08T00:00:00Z"}
    bench.box.people.append(newcomer)
    manifest = bench.crawl("r2", enable_faces=False)
    assert manifest.status == "complete" and manifest.full_sweep
    rows = {row["source_id"]: row for row in bench.publish("r2", 2)}
    assert rows[gone]["deleted"] and not rows["newcomer"]["deleted"]
