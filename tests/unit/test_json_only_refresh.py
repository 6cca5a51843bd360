"""`enable_faces: false` asks for no picture, and loses none of those that are known."""

from __future__ import annotations

import shutil

import pytest

from tests.recorded.bench import Bench, make_bench
from tests.recorded.box import JPEG, person, serve
from trainer.snapshots.store import fold_snapshot
from trainer.staging.frames import read_frame


@pytest.fixture
def bench(tmp_path, monkeypatch):
    with serve() as box:
        box.add(4)
        yield make_bench(box, tmp_path, monkeypatch)


def images(bench: Bench, run_id: str) -> dict[str, str]:
    """Path -> sha256 of the pictures that the run's snapshot has."""
    directory = fold_snapshot(bench.context(run_id, enable_faces=False), "stashdb", excluded=set())
    assert directory is not None
    frame = read_frame(directory / "images.parquet").drop_nulls("sha256")
    return {
        url.removeprefix(bench.box.base): sha
        for url, sha in frame.select("url", "sha256").iter_rows()
    }


def json_only(bench: Bench) -> dict[str, str]:
    """What a second run without pictures has, in which somebody is new."""
    bench.box.log.clear()
    bench.box.people.append(person(5, bench.box.base, updated="2026-01-08T00:00:01Z"))
    bench.box.images["/img/5.jpg"] = (200, {}, JPEG + b"5")
    assert bench.crawl("r2", enable_faces=False).status == "complete"
    assert not [path for path in bench.box.log if "/img/" in path]
    return images(bench, "r2")


def test_after_a_release_the_old_pictures_stay(bench: Bench):
    bench.crawl("r1")
    bench.publish("r1")
    before = images(bench, "r1")
    assert len(before) == 4
    assert json_only(bench) == before


def test_after_a_run_that_was_never_published_they_stay_too(bench: Bench):
    bench.crawl("r1")
    before = images(bench, "r1")
    assert json_only(bench) == before


def test_after_the_last_snapshot_was_lost_the_ledger_has_them(bench: Bench):
    bench.crawl("r1")
    bench.publish("r1")
    before = images(bench, "r1")
    shutil.rmtree(bench.root / "runs" / "r1")
    assert json_only(bench) == before


def test_where_none_was_ever_fetched_there_is_none(bench: Bench):
    assert json_only(bench) == {}
