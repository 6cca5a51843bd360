"""kill -9 of a reference site's crawl at a random moment, and again: nothing lost, nothing twice.

CRAWL_KILLS sets how many crawls are killed (`make faults` kills many more).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scrapy_project.storage.profile_parts import PART_TARGETS
from tests.recorded.box import JPEG
from tests.recorded.profile_box import (
    SOURCE,
    WEEK_1,
    ProfileBench,
    Site,
    linked,
    record,
    serve_site,
)
from tests.waiting import DEADLINE, wait_for
from trainer.config.settings import REPO_ROOT
from trainer.crawl.run import crawl_job
from trainer.snapshots.store import fold_snapshot
from trainer.staging.atomic import write_json
from trainer.staging.parquet import read_table
from trainer.staging.paths import DataDir
from trainer.staging.rows import PerformerRecord

KILLS = int(os.environ.get("CRAWL_KILLS", "3"))
PEOPLE = 60  # more than two parts of pages
PART_ROWS = 7  # pictures
AT_ONCE = 3
PAGE, FULL = "/boobs/", "/wiki/images/a/ab/"


@dataclass
class Undisturbed:
    site: Site
    records: list[PerformerRecord]
    people: dict[str, Any]
    images: dict[str, Any]
    requests: int  # its own, robots.txt included


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undisturbed]:
    """What a crawl finds that nobody kills."""
    with serve_site() as site:
        records = populate(site)
        bench = bench_of(site, records, tmp_path_factory.mktemp("undisturbed"))
        manifest = bench.crawl()
        assert manifest.status == "complete", manifest.reason
        people, images = folded(bench)
        assert len(people) == PEOPLE + 1 and people["Gone_Away"]["deleted"]
        assert len(people["Person_007"]["owners"]) == 2
        yield Undisturbed(site, records, people, images, len(site.log))


def populate(site: Site) -> list[PerformerRecord]:
    """People with a picture each, every third with two, every seventh with a small one only; one
    page of two records, one that is not there, and one that cannot be read."""
    records = []
    for number in range(PEOPLE):
        slug, name = f"Person_{number:03d}", f"Person {number:03d}"
        files = [f"p{number}-{k}.jpg" for k in range(2 if number % 3 == 0 else 1)]
        site.person(slug, name, *files)
        if number % 7 == 0:
            del site.images[f"{FULL}{files[0]}"]
            small = f"/wiki/images/thumb/a/ab/{files[0]}/120px-{files[0]}"
            site.images[small] = JPEG + b"small" + files[0].encode()
        records.append(linked(number, slug, name))
    records.append(record(900, "Person 007", f"https://www.boobpedia.com{PAGE}Person_007"))
    records.append(linked(901, "Gone_Away", "Gone Away"))
    site.pages[f"{PAGE}All_New"] = b"<html><body>all new</body></html>"
    return [*records, linked(902, "All_New", "All New")]


def bench_of(site: Site, records: list[PerformerRecord], root: Path) -> ProfileBench:
    overrides = {
        "requests_per_minute": 6000,
        "part_rows": PART_ROWS,
        "concurrent_requests": AT_ONCE,
    }
    return ProfileBench(site, root, records, overrides)


def folded(bench: ProfileBench) -> tuple[dict[str, Any], dict[str, Any]]:
    """The snapshot: people by id, and the state and sum of pictures by URL; nobody is twice."""
    directory = fold_snapshot(bench.context("r1", WEEK_1), SOURCE, excluded=set())
    assert directory is not None
    people = read_table(directory / "performers.parquet").to_pylist()
    images = read_table(directory / "images.parquet").to_pylist()
    assert len({row["source_id"] for row in people}) == len(people)
    assert len({row["url"] for row in images}) == len(images)
    kept = ("name", "images", "owners", "deleted", "found_by", "birth_date", "page_url")
    return (
        {row["source_id"]: {key: row[key] for key in kept} for row in people},
        {row["url"]: (row["status"], row["sha256"]) for row in images},
    )


def killed(bench: ProfileBench, requests: int, seconds: float) -> None:
    """Kill the spider so many seconds after the server saw so many requests of it."""
    context = bench.context("r1", WEEK_1)
    bench.write_targets(context)
    job = context.run.crawl_job(SOURCE)
    write_json(job, crawl_job(context, SOURCE).model_dump(mode="json"))
    before = len(bench.site.log)
    child = subprocess.Popen(
        [sys.executable, "-m", "scrapy", "crawl", SOURCE, "-a", f"job={job}"],
        cwd=REPO_ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    come = lambda: len(bench.site.log) - before >= requests  # noqa: E731
    wait_for(lambda: come() or child.poll() is not None, every=0.005)
    time.sleep(seconds)
    child.kill()
    assert child.wait(DEADLINE) in (-signal.SIGKILL, 0)


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_killed_crawl_of_pages_ends_as_one_that_nobody_killed(undisturbed, tmp_path, seed):
    chance = random.Random(seed)
    bench = bench_of(undisturbed.site, undisturbed.records, tmp_path)
    bench.site.asked()
    kills = chance.choice([1, 1, 2])
    for _ in range(kills):
        killed(bench, chance.randrange(undisturbed.requests), chance.uniform(0, 0.06))
    manifest = bench.crawl()
    assert manifest.status == "complete", manifest.reason
    assert folded(bench) == (undisturbed.people, undisturbed.images)
    for status, sha256 in undisturbed.images.values():
        assert status != "fetched" or DataDir(tmp_path).image(sha256).stat().st_size > 0
    assert [e.field for e in manifest.errors if e.kind == "field_missing"] == ["infobox"]
    assert_only_what_was_in_hand_came_again(bench, undisturbed, kills)


def assert_only_what_was_in_hand_came_again(
    bench: ProfileBench, undisturbed: Undisturbed, kills: int
) -> None:
    asked = Counter(bench.site.asked())
    pages = sum(n for path, n in asked.items() if path.startswith(PAGE))
    assert pages <= PEOPLE + 2 + kills * (PART_TARGETS + AT_ONCE)
    images = sum(asked.values()) - pages
    assert images <= len(undisturbed.images) + kills * (PART_ROWS + AT_ONCE)
