"""A reference site of the world misbehaves: what its crawl keeps, says, and leaves alone."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest

from demo.world import Faults, Trouble, World
from demo.world.cast import appearances
from demo.world.faults import TroubleKind
from demo.world.pages import PageSite
from scrapy_project.limits.breaker import LIMIT
from tests.recorded.profile_box import LATER, SOURCE, WEEK_1, ProfileBench, Site, linked
from trainer.snapshots.store import fold_snapshot
from trainer.staging.parquet import read_table

PEOPLE = 24  # enough for shares to count, and for a storm to have an end
PATIENT = {"concurrent_requests": 1, "retries": 3}  # one at a time: who meets what is known
IMPATIENT = {"concurrent_requests": 1, "retries": 0}


@dataclass
class Known:
    world: World
    root: Path
    snapshot: pl.DataFrame


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Known]:
    """A DATA_DIR with one good snapshot, read although each kind of passing trouble came by."""
    root = tmp_path_factory.mktemp("known")
    with World(week=1, sites=[SOURCE]) as world:
        place = world.places[SOURCE]
        assert isinstance(place, PageSite)
        shown = list(appearances(SOURCE, 1).values())
        slugs = [f"Faulty_{number:02d}" for number in range(PEOPLE)]
        place.pages.appearances = {
            slug: replace(shown[n % len(shown)], slug=slug, name=slug.replace("_", " "))
            for n, slug in enumerate(slugs)
        }
        world.faults_of[SOURCE] = Faults(
            troubles=(
                Trouble("too_many", every=2, times=1, value="1"),
                Trouble("too_many", every=5, times=1, value="date:2"),
                Trouble("server_error", every=7, times=1),
                Trouble("reset", every=9, times=1),
                Trouble("slow", every=11, times=1, value="0.3"),
            )
        )
        bench = bench_of(world, root, PATIENT)
        manifest = bench.crawl("r1", WEEK_1, enable_faces=False)
        assert manifest.status == "complete", manifest.reason
        assert (manifest.counts["pages_read"], manifest.errors) == (PEOPLE, [])
        statuses = Counter(entry.status for entry in world.log if entry.path.startswith("/boobs"))
        assert statuses == {200: PEOPLE, 429: 2, 500: 1, 0: 1}
        yield Known(world, root, bench.publish("r1"))


@pytest.fixture
def bench(known: Known, tmp_path: Path) -> ProfileBench:
    """A week later, over that snapshot."""
    root = tmp_path / "data"
    shutil.copytree(known.root, root, symlinks=True)
    known.world.log.clear()
    return bench_of(known.world, root, IMPATIENT)


def bench_of(world: World, root: Path, overrides: dict[str, int]) -> ProfileBench:
    site = Site()
    site.base = world.base_url(SOURCE)
    slugs = [f"Faulty_{number:02d}" for number in range(PEOPLE)]
    # The most scenes come first: the order of the slugs is that of the visits.
    records = [
        linked(PEOPLE - n, slug, slug.replace("_", " "), birth_date=None)
        for n, slug in enumerate(slugs)
    ]
    return ProfileBench(site, root, records, {**overrides, "timeout_seconds": 60})


def pages(known: Known) -> list[str]:
    return [entry.path for entry in known.world.log if entry.path.startswith("/boobs/")]


def assert_last_snapshot_stays(bench: ProfileBench, known: Known) -> None:
    """What a release makes of the crawl that did not end well is what it knew before."""
    directory = fold_snapshot(bench.context("r2", LATER), SOURCE, excluded=set())
    assert directory is not None
    kept = read_table(directory / "performers.parquet")
    assert pl.DataFrame(pl.from_arrow(kept)).equals(known.snapshot)


STORMS = {
    "challenge 403": (Trouble("challenge"), "check for robots"),
    "challenge 200": (Trouble("html"), "check for robots"),
    "too many": (Trouble("too_many", value="0"), "HTTP 429"),
}


@pytest.mark.parametrize("storm", STORMS)
def test_a_storm_blocks_the_site_after_a_few_pages(bench, known, storm):
    trouble, why = STORMS[storm]
    known.world.faults_of[SOURCE] = Faults(troubles=(trouble,))
    manifest = bench.crawl("r2", LATER)
    assert manifest.status == "blocked"
    assert "in a row" in manifest.reason and why in manifest.reason
    assert len(pages(known)) == LIMIT
    assert manifest.errors and all(e.url.startswith(bench.site.base) for e in manifest.errors)
    assert_last_snapshot_stays(bench, known)


BROKEN = {
    "moved layout": (Faults(moved_layout=True), "pages_readable", "field_missing", "name"),
    "resets": (Faults(troubles=(Trouble("reset"),)), "pages_had", "network", None),
    "server errors": (Faults(troubles=(Trouble("server_error"),)), "pages_had", "http_500", None),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_site_that_no_page_can_be_had_of_fails_by_name(bench, known, fault):
    faults, check, kind, field = BROKEN[fault]
    known.world.faults_of[SOURCE] = faults
    manifest = bench.crawl("r2", LATER)
    assert manifest.status == "failed" and check in manifest.reason
    first = f"{bench.site.base}/boobs/Faulty_00"
    assert (kind, field, first) in {(e.kind, e.field, e.url) for e in manifest.errors}
    assert not [e for e in known.world.log if e.path.endswith(".jpg")]
    assert_last_snapshot_stays(bench, known)


def test_a_site_whose_robots_forbid_everything_is_asked_nothing_else(bench, known):
    known.world.faults_of[SOURCE] = Faults(forbid_robots=True)
    manifest = bench.crawl("r2", LATER)
    assert manifest.status == "blocked" and "robots.txt" in manifest.reason
    assert [entry.path for entry in known.world.log] == ["/robots.txt"]
    assert_last_snapshot_stays(bench, known)


def test_bad_pages_are_named_one_by_one_and_keep_their_rows(bench, known):
    """Of 24 pages the 6th, 12th... meet trouble, each another; the others are asked as ever."""
    kinds: tuple[TroubleKind, ...] = ("server_error", "challenge", "reset", "empty")
    known.world.faults_of[SOURCE] = Faults(
        troubles=tuple(Trouble(kind, every=6 * n, times=1) for n, kind in enumerate(kinds, 1))
    )
    manifest = bench.crawl("r2", LATER, enable_faces=False)
    assert manifest.status == "complete", manifest.reason
    found = {e.url.rpartition("/")[2]: e.kind for e in manifest.errors}
    assert found == {
        "Faulty_05": "http_500",
        "Faulty_11": "challenge",
        "Faulty_17": "network",
        "Faulty_23": "field_missing",
    }
    assert manifest.counts["pages_failed"] == len(kinds) - 1
    assert manifest.counts["pages_unreadable"] == 1
    assert len(known.world.log) == PEOPLE + 1  # robots.txt; nothing is asked behind our back
    assert manifest.counts["pages_not_modified"] == PEOPLE - len(kinds)
    snapshot = bench.publish("r2")
    assert snapshot["name"].to_list() == known.snapshot["name"].to_list()
    assert snapshot["deleted"].to_list() == [False] * PEOPLE
