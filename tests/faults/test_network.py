"""A network at its worst, from raw sockets: the faulty request only, named, and asked again.

NETWORK_FAULTS sets how many random mixes of faults are tried as well (`make faults` tries many).
"""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scrapy_project.storage.profile_parts import ProfileParts
from tests import raw_server as raw
from tests.faults.network_faults import BROKEN, PORTAL, SLOW, Network, network
from tests.raw_server import raw_server
from tests.recorded.profile_box import SOURCE, WEEK_1, WEEK_2, ProfileBench, Site, linked
from tests.waiting import wait_for
from tests.web_server import Answer, Asked
from trainer.staging.manifest import StageManifest
from trainer.staging.paths import DataDir

MIXES = int(os.environ.get("NETWORK_FAULTS", "0"))
SEED = int(os.environ.get("FAULT_SEED", str(time.time_ns() % 100_000)))
PEOPLE = (
    110  # a fifth of the pages may fail, and a twentieth be a wall, before the site is to blame
)
LIMIT = 8  # seconds a request may take


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    with network(tmp_path / "names", monkeypatch) as found:
        yield found


@pytest.fixture
def site(net: Network) -> Iterator[Site]:
    """A reference site behind that network."""
    site = Site()

    def respond(asked: Asked) -> Answer:
        found = net.instead(asked) or site.answer(asked.path, dict(asked.headers))
        assert not isinstance(found, bytes)
        return found

    with raw_server(raw.http(respond, net.deliver)) as net.servers["the site"]:
        site.base = f"http://127.0.0.1:{net.servers['the site'].port}"
        yield site


def page_of(number: int) -> str:
    return f"/boobs/Person_{number:03d}"


def image_of(number: int) -> str:
    return f"/wiki/images/a/ab/p{number:03d}.jpg"


def bench_of(site: Site, root: Path, **overrides: Any) -> ProfileBench:
    for number in range(PEOPLE):
        site.person(f"Person_{number:03d}", f"Person {number:03d}", f"p{number:03d}.jpg")
    records = [
        linked(PEOPLE - n, f"Person_{n:03d}", f"Person {n:03d}", birth_date=None)
        for n in range(PEOPLE)
    ]
    limits = {
        "requests_per_minute": 30_000,
        "concurrent_requests": 32,
        "retries": 0,
        "timeout_seconds": LIMIT,
    }
    return ProfileBench(site, root, records, {**limits, **overrides})


def one_of_each(net: Network) -> dict[str, str]:
    """Each fault once for a page, and once for a picture of somebody else."""
    every = [*SLOW, *BROKEN, PORTAL, *net.elsewhere]
    pages = {page_of(n): fault for n, fault in enumerate(every)}
    return pages | {image_of(n + len(every)): fault for n, fault in enumerate(every)}


def at_random(net: Network, chance: random.Random) -> dict[str, str]:
    """Each fault for the page of somebody, and some for the pictures of a third."""
    every = [*SLOW, *BROKEN, PORTAL, *net.elsewhere]
    pages = zip(chance.sample(range(PEOPLE), len(every)), every, strict=True)
    images = chance.sample(range(PEOPLE), PEOPLE // 3)
    return {page_of(n): fault for n, fault in pages} | {
        image_of(n): chance.choice(every) for n in images
    }


def assert_named(bench: ProfileBench, net: Network, manifest: StageManifest) -> set[str]:
    """Each faulty request has its kind and URL, in the parts and counted in the report; the paths
    of these requests."""
    failing = {path for path, fault in net.faults.items() if fault not in SLOW}
    hidden = {image_of(n) for n in range(PEOPLE) if page_of(n) in failing}  # nobody knows of them
    failing -= hidden
    obeys = bench.overrides.get("obey_robots", True)
    wanted = {path: net.kind(net.faults[path], path.startswith("/wiki"), obeys) for path in failing}
    staging = DataDir(bench.root).run("r1").staging(SOURCE)
    pages = [error for _, errors in ProfileParts(staging).before() for error in errors]
    found = {str(e.url): e.kind for e in pages} | {
        row["url"]: row["reason"].partition(":")[0] for row in bench.images() if row["reason"]
    }
    assert found == {f"{bench.site.base}{path}": kind for path, kind in wanted.items()}
    counted = Counter({e.kind: e.count for e in manifest.errors})
    images = {path for path in failing if path.startswith("/wiki")}
    assert counted == Counter(
        f"picture_{kind}" if path in images else kind for path, kind in wanted.items()
    )
    assert {e.source for e in manifest.errors} == {SOURCE} and all(e.url for e in manifest.errors)
    return failing


def assert_rest_is_there(bench: ProfileBench, run_id: str, failing: set[str]) -> None:
    """Everybody else's page and picture, whole."""
    shown = {f"Person_{n:03d}" for n in range(PEOPLE) if page_of(n) not in failing}
    rows = bench.publish(run_id)
    assert set(rows["source_id"]) == shown and not rows["deleted"].any()
    assert set(rows["birth_date"]) == {"1980-02-03"}
    images = {row["url"].removeprefix(bench.site.base): row for row in bench.images(run_id)}
    for number in range(PEOPLE):
        path = image_of(number)
        if page_of(number) not in failing and path not in failing:
            content = bench.site.images[path]
            assert images[path]["sha256"] == hashlib.sha256(content).hexdigest()
            assert DataDir(bench.root).image(images[path]["sha256"]).read_bytes() == content


def crawl_through(net: Network, bench: ProfileBench) -> None:
    """Two weeks: under these faults, then in a network that is well again."""
    manifest = bench.crawl("r1", WEEK_1)
    assert manifest.status == "complete", manifest.reason
    failing = assert_named(bench, net, manifest)
    asked = {path: count for path, count in net.asked.items() if path != "/robots.txt"}
    assert set(asked.values()) == {1}
    assert_rest_is_there(bench, "r1", failing)
    wait_for(lambda: net.open() == 0)  # what never ended, too: the crawl hung up
    net.faults, known = {}, set(asked) - failing
    net.asked.clear()
    manifest = bench.crawl("r2", WEEK_2)
    assert (manifest.status, manifest.errors) == ("complete", [])
    every = {page_of(n) for n in range(PEOPLE)} | {image_of(n) for n in range(PEOPLE)}
    assert set(net.asked) - {"/robots.txt"} == every - known
    assert_rest_is_there(bench, "r2", set())


def test_each_fault_costs_one_page_or_picture(net, site, tmp_path):
    net.faults = one_of_each(net)
    crawl_through(net, bench_of(site, tmp_path / "data", obey_robots=False))
    for fault in set(net.elsewhere) - {"refused"}:
        assert net.attempts(fault) == 2, fault


@pytest.mark.parametrize("mix", range(MIXES))
def test_mixes_of_faults_cost_what_they_happen_to(net, site, tmp_path, mix):
    chance = random.Random(f"{SEED} {mix}")
    print(f"FAULT_SEED={SEED}, mix {mix}")  # noqa: T201
    net.faults = at_random(net, chance)
    crawl_through(net, bench_of(site, tmp_path / "data", obey_robots=chance.random() < 0.5))
