"""kill -9 of a crawl at a random moment, and again: nothing lost, nothing twice.

CRAWL_KILLS sets how many crawls are killed (`make faults` kills many more).
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import time
from collections import Counter

import pytest

from tests.recorded.bench import Bench, make_bench
from tests.recorded.box import JPEG, serve
from tests.waiting import DEADLINE, wait_for
from trainer.snapshots.store import fold_snapshot
from trainer.staging.parquet import read_table
from trainer.staging.paths import DataDir

KILLS = int(os.environ.get("CRAWL_KILLS", "2"))
PEOPLE = 20
# robots.txt, pages of five, a picture each
REQUESTS = 1 + PEOPLE // 5 + PEOPLE


@pytest.fixture
def bench(tmp_path, monkeypatch):
    with serve() as box:
        box.add(PEOPLE)
        found = make_bench(box, tmp_path, monkeypatch)
        found.overrides = {"requests_per_minute": 1200, "part_rows": 3}
        yield found


def kill_after(bench: Bench, requests: int, seconds: float) -> None:
    """Kill the spider so many seconds after the server saw so many requests of it."""
    before = len(bench.box.log)
    child = bench.start()
    come = lambda: len(bench.box.log) - before >= requests  # noqa: E731
    wait_for(lambda: come() or child.poll() is not None, every=0.005)
    time.sleep(seconds)
    child.send_signal(signal.SIGKILL)
    child.wait(DEADLINE)


@pytest.mark.parametrize("seed", range(KILLS))
def test_no_performer_and_no_picture_is_lost_or_twice(bench, seed):
    chance = random.Random(seed)
    for _ in range(chance.choice([1, 1, 2])):
        kill_after(bench, chance.randrange(REQUESTS), chance.uniform(0, 0.06))
    manifest = bench.crawl()
    assert manifest.status == "complete", (manifest.reason, bench.log())
    assert manifest.counts["performers_live"] == PEOPLE
    directory = fold_snapshot(bench.context("r1"), "stashdb", excluded=set())
    assert directory is not None
    performers = read_table(directory / "performers.parquet").to_pylist()
    assert [row["source_id"] for row in performers] == sorted(p["id"] for p in bench.box.people)
    assert not any(row["deleted"] for row in performers)
    images = read_table(directory / "images.parquet").to_pylist()
    expected = {f"{bench.box.base}/img/{n}.jpg": JPEG + b"%d" % n for n in range(1, PEOPLE + 1)}
    assert [row["url"] for row in images] == sorted(expected)
    for row in images:
        assert row["status"] == "fetched"
        assert row["sha256"] == hashlib.sha256(expected[row["url"]]).hexdigest()
        assert DataDir(bench.root).image(row["sha256"]).read_bytes() == expected[row["url"]]
    staged = Counter(row["source_id"] for row in bench.performers())
    assert set(staged.values()) == {1}
