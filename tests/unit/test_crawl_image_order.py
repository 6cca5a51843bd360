"""Pictures are asked for after the pages, the most worth first, and no more than are needed."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from tests.recorded.bench import Bench, make_bench
from tests.recorded.box import JPEG, serve
from tests.recorded.profile_box import ProfileBench, linked, serve_site
from tests.waiting import DEADLINE, wait_for
from trainer.staging.parquet import write_rows
from trainer.staging.paths import DataDir
from trainer.staging.schemas import FACES

MANY = 40


@pytest.fixture
def bench(tmp_path, monkeypatch):
    with serve() as box:
        box.add(4)
        found = make_bench(box, tmp_path, monkeypatch)
        found.overrides = {"concurrent_requests": 1}
        yield found


def give(bench: Bench, number: int, images: int, scenes: int) -> None:
    """Person `number` has so many pictures and scenes."""
    box, person = bench.box, bench.box.people[number - 1]
    names = [f"/img/{number}-{n}.jpg" for n in range(images)]
    size = {"width": 400, "height": 600}
    person["scene_count"] = scenes
    person["images"] = [{"id": name, "url": box.base + name, **size} for name in names]
    box.images |= {name: (200, {}, JPEG + name.encode()) for name in names}


def asked(bench: Bench) -> list[str]:
    """Names of the pictures asked for since last time, in order."""
    found = [path.removeprefix("/img/") for path in bench.box.log if path.startswith("/img/")]
    bench.box.log.clear()
    return found


def embed(bench: Bench, run_id: str, **outcome: Any) -> None:
    """Into the face cache: what the embedder would have found in the run's pictures."""
    blank = dict.fromkeys(FACES.names) | {"face_no": 0, "faces_in_image": 1} | outcome
    shas = sorted({row["sha256"] for row in bench.images(run_id).values() if row["sha256"]})
    part = DataDir(bench.root).faces("none") / f"part-{run_id}.parquet"
    write_rows(part, [blank | {"image_sha256": sha} for sha in shas], FACES)


FACE = {"outcome": "face", "detector_score": 0.9, "sharpness": 100.0, "yaw": 0.0}
FACE |= {"box": [10.0, 10.0, 120.0, 120.0]}


def test_all_pages_come_first_and_then_who_is_in_most_scenes(bench: Bench):
    for number, scenes in enumerate((3, 900, 40, 0), 1):
        give(bench, number, 1, scenes)
    bench.crawl()
    kinds = ["img" in path for path in bench.box.log if path != "/robots.txt"]
    assert kinds == sorted(kinds)
    assert asked(bench) == ["2-0.jpg", "3-0.jpg", "1-0.jpg", "4-0.jpg"]


def test_everybody_has_two_before_somebody_gets_a_third(bench: Bench):
    for number in range(1, 5):
        give(bench, number, 4, 12)
    bench.crawl()
    assert sorted(name[0] for name in asked(bench)[:8]) == ["1", "1", "2", "2", "3", "3", "4", "4"]


def test_of_many_pictures_no_more_are_asked_for_than_are_needed(bench: Bench):
    give(bench, 1, MANY, 12)
    manifest = bench.crawl()
    first = asked(bench)
    assert 5 <= sum(name.startswith("1-") for name in first) <= 15
    assert manifest.counts["pictures_not_needed"] == MANY + 3 - len(first)


def test_who_has_good_faces_is_not_asked_for_more(bench: Bench):
    give(bench, 1, MANY, 12)
    bench.crawl()
    bench.publish("r1")
    embed(bench, "r1", **FACE)
    asked(bench)
    bench.crawl("r2", full_refresh=True)
    assert asked(bench) == []


def test_who_has_no_face_yet_gets_more_pictures(bench: Bench):
    give(bench, 1, MANY, 12)
    bench.crawl()
    bench.publish("r1")
    embed(bench, "r1", outcome="no_face", face_no=-1)
    first = set(asked(bench))
    bench.crawl("r2", full_refresh=True)
    more = asked(bench)
    assert len(more) >= 5
    assert not first.intersection(more)


def test_a_picture_that_is_gone_is_made_up_for_by_another(bench: Bench):
    give(bench, 1, MANY, 12)
    gone = [f"/img/1-{n}.jpg" for n in range(30)]
    bench.box.images |= {name: (404, {}, b"") for name in gone}
    bench.overrides |= {"requests_per_minute": 600}
    manifest = bench.crawl()
    assert manifest.counts["pictures_fetched"] >= 5


def test_killed_and_run_again_it_asks_for_the_same_pictures(bench: Bench):
    for number in range(1, 5):
        give(bench, number, 20, number)
    bench.overrides |= {"requests_per_minute": 1200, "part_rows": 1}
    child = bench.start()
    wait_for(lambda: sum("img" in path for path in bench.box.log) >= 7, every=0.005)
    child.send_signal(signal.SIGKILL)
    child.wait(DEADLINE)
    before = asked(bench)
    manifest = bench.crawl()
    after = asked(bench)
    assert manifest.status == "complete", manifest.reason
    assert len(set(before).intersection(after)) <= 2  # what was in hand
    assert manifest.counts["pictures_fetched"] == len(set(before).union(after))
    again = {**bench.overrides, "part_rows": 32}
    bench.overrides = again
    bench.root = bench.root / "another"
    bench.root.mkdir()
    bench.crawl()
    assert set(asked(bench)) == set(before).union(after)


def test_a_reference_site_is_asked_for_pictures_of_who_is_in_most_scenes(tmp_path):
    with serve_site() as site:
        site.person("Ada_Fenn", "Ada Fenn", "a1.jpg")
        site.person("Wren_Hollow", "Wren Hollow", "w1.jpg")
        people = [linked(3, "Ada_Fenn", "Ada Fenn"), linked(90, "Wren_Hollow", "Wren Hollow")]
        ProfileBench(site, tmp_path, people, {"concurrent_requests": 1}).crawl()
        images = [path.rpartition("/")[2] for path in site.asked() if path.endswith(".jpg")]
    assert images == ["w1.jpg", "a1.jpg"]
