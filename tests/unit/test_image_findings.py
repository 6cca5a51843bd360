"""What the embedder finds while a crawl goes on decides whom it asks for more pictures of."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import polars as pl
import pytest

from scrapy_project import image_findings
from scrapy_project.image_findings import ImageFindings
from scrapy_project.image_queue import ImageQueue
from tests.unit.test_time_limit import job_of
from trainer.runs.beside import Beside, read_beside, write_beside
from trainer.staging.atomic import write_json
from trainer.staging.clock import iso, now
from trainer.staging.parquet import write_rows
from trainer.staging.paths import DataDir
from trainer.staging.rows import ImageRow, PerformerRecord
from trainer.staging.schemas import FACES

GOOD = {"outcome": "face", "detector_score": 0.9, "sharpness": 100.0, "yaw": 0.0}
GOOD |= {"box": [10.0, 10.0, 120.0, 120.0]}
NO_FACE = {"outcome": "no_face", "face_no": -1}


def sha(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


@pytest.fixture
def data(tmp_path) -> DataDir:
    found = DataDir(tmp_path)
    write_json(found.run("r1").plan, {"pack_id": "pack"})
    return found


def beside(data: DataDir, seconds_ago: float = 0, **state: Any) -> None:
    moment = iso(now() - timedelta(seconds=seconds_ago))
    write_beside(data.run("r1"), Beside(looked_at=moment, **state))


def embed(data: DataDir, name: str, urls: list[str], outcome: dict[str, Any]) -> None:
    blank = dict.fromkeys(FACES.names) | {"face_no": 0, "faces_in_image": 1} | outcome
    part = data.faces("pack") / f"part-{name}.parquet"
    write_rows(part, [blank | {"image_sha256": sha(url)} for url in sorted(urls, key=sha)], FACES)


def queue_of(data: DataDir, images: int) -> ImageQueue:
    """One performer with so many pictures."""
    queue = ImageQueue(job_of(data.root, "r1", None, ()))
    person = cast("PerformerRecord", {"source_id": "1", "scene_count": 10})
    for number in range(images):
        url = f"http://a.test/{number}.jpg"
        queue.add(person, number, {"url": url, "width": 400, "height": 600}, url, None)
    return queue


def fetch_all(queue: ImageQueue) -> list[str]:
    """Everything that the queue asks for until it asks for nothing."""
    asked: list[str] = []
    while urls := queue.next_batch():
        for url in urls:
            queue.note(url, cast("ImageRow", {"sha256": sha(url)}))
        asked += urls
    return asked


def test_who_has_no_face_in_what_was_fetched_gets_more(data):
    queue = queue_of(data, 40)
    first = fetch_all(queue)
    assert 5 <= len(first) < 15
    assert fetch_all(queue) == []
    embed(data, "1", first, NO_FACE)
    beside(data)
    more = fetch_all(queue)
    assert len(more) >= 5
    assert not set(first).intersection(more)


def test_who_has_good_faces_gets_none(data):
    queue = queue_of(data, 40)
    first = fetch_all(queue)
    embed(data, "1", first, GOOD)
    beside(data)
    assert fetch_all(queue) == []


def test_a_cache_of_before_is_not_read_where_no_embedder_works_beside(data):
    embed(data, "1", ["http://a.test/0.jpg"], GOOD)
    findings = ImageFindings(job_of(data.root, "r1", None, ()))
    assert findings.new() is None
    beside(data)
    assert isinstance(findings.new(), pl.DataFrame)
    assert findings.new() is None  # each part once


@pytest.fixture
def fast(monkeypatch) -> None:
    monkeypatch.setattr(image_findings, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(image_findings, "MOST_WAITING", 0.1)


def waits(data: DataDir, is_over: bool = False) -> bool:
    findings = ImageFindings(job_of(data.root, "r1", None, ()))
    return asyncio.run(findings.wait(lambda: is_over))


def test_it_waits_for_an_embedder_that_is_at_work(data, fast):
    assert not waits(data)
    beside(data, waiting=3)
    assert waits(data)
    assert not waits(data, is_over=True)


def test_it_does_not_wait_for_one_that_is_gone_or_idle(data, fast):
    beside(data, seconds_ago=300, waiting=3)
    assert not waits(data)
    beside(data, seconds_ago=-10, waiting=0)  # it has looked since
    assert not waits(data)


def test_what_can_not_be_read_is_no_embedder(tmp_path: Path):
    run = DataDir(tmp_path).run("r1")
    run.root.mkdir(parents=True)
    run.beside.write_text("[]")
    assert read_beside(run) is None


def test_bytes_that_are_in_the_cache_already_are_found_when_they_come(data, fast):
    """Two sources have one image; the embedder has nothing to do for the second."""
    embed(data, "1", [f"http://a.test/{number}.jpg" for number in range(40)], NO_FACE)
    beside(data)
    queue = queue_of(data, 40)
    first = fetch_all(queue)
    beside(data, waiting=3)
    assert asyncio.run(queue.wait_for_findings(lambda: False))
    assert len(fetch_all(queue)) > 0 and len(first) < 40


def test_one_look_of_the_embedder_at_what_was_fetched_is_enough(data, fast, monkeypatch):
    """It says nothing of an image whose bytes are gone, or that is excluded."""
    monkeypatch.setattr(image_findings, "MOST_WAITING", 60)
    queue = queue_of(data, 40)
    first = fetch_all(queue)

    def waited() -> bool:
        beside(data)  # it has not looked since
        looks = iter([False])

        def looked() -> bool:
            if next(looks, True):
                beside(data, seconds_ago=-10)
            return False

        return asyncio.run(queue.wait_for_findings(looked))

    assert waited()
    assert queue.next_batch() == []
    assert not waited()
    queue.note(first[0], cast("ImageRow", {"sha256": sha(first[0])}))
    assert waited()
