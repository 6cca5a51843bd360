"""Requests by host, and performers by faces: while a build runs, and in its record."""

from __future__ import annotations

import pytest

from scrapy_project.storage.request_counts import RequestCounts
from tests.recorded.bench import Bench, make_bench
from tests.recorded.box import serve
from tests.unit.identity_world import IdentityWorld, record, shot
from trainer.runs.record import RunRecord, write_record
from trainer.runs.requests import face_line, read_requests, request_lines
from trainer.runs.status import read_status
from trainer.staging.atomic import read_json
from trainer.staging.clock import now
from trainer.staging.paths import DataDir


def test_a_crawl_counts_what_it_asks_for_and_what_is_left(tmp_path, monkeypatch):
    with serve() as box:
        box.add(9)
        bench: Bench = make_bench(box, tmp_path, monkeypatch)
        bench.crawl(max_hours=1)  # of a build of long ago: no pictures
        host = box.base.removeprefix("http://")
        run = bench.context("r1").run
        asked = len(box.log)
        assert read_requests(run) == {host: {"made": asked, "left": 9}}
        bench.context("r1")
        bench.publish("r1")
        bench.crawl("r2")
        assert read_requests(bench.context("r2").run)[host] == {
            "made": len(box.log) - asked,
            "left": 0,
        }


def test_another_attempt_goes_on_counting(tmp_path):
    first = RequestCounts(tmp_path)
    first.expect({"a.test": 3})
    first.made("a.test")
    first.made("a.test")
    first.write()
    second = RequestCounts(tmp_path)
    second.expect({"a.test": 1})
    second.made("a.test")
    second.write()
    assert read_json(tmp_path / "requests.json") == {"a.test": {"made": 3, "left": 0}}


@pytest.mark.parametrize("content", ["", "[]", '{"a.test": 3}', "\x00"])
def test_figures_that_cannot_be_read_count_as_none(tmp_path, content):
    run = DataDir(tmp_path).run("r1")
    path = run.staging("stashdb") / "requests.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert read_requests(run) == {}
    RequestCounts(path.parent).made("a.test")


def test_the_sources_of_a_run_are_added_up(tmp_path):
    run = DataDir(tmp_path).run("r1")
    for source in ("stashdb", "fansdb"):
        run.staging(source).mkdir(parents=True)
        counts = RequestCounts(run.staging(source))
        counts.expect({"pictures.test": 5})
        counts.made("pictures.test")
        counts.write()
    assert request_lines(read_requests(run)) == ["requests to pictures.test: 2 made, 8 left"]


def test_status_shows_both(tmp_path):
    data = DataDir(tmp_path)
    ended = RunRecord(
        id="r1",
        started_at="2026-02-01T00:00:00Z",
        status="completed",
        faces_per_performer={"0": 4, "1": 3, "2-4": 1200, "5+": 1},
    )
    write_record(data.run("r1"), ended)
    running = RunRecord(id="r2", started_at="2026-02-02T00:00:00Z", status="running")
    write_record(data.run("r2"), running)
    data.run("r2").staging("stashdb").mkdir(parents=True)
    counts = RequestCounts(data.run("r2").staging("stashdb"))
    counts.expect({"a.test": 12_000})
    counts.made("a.test")
    counts.write()
    lines = [line.strip() for line in read_status(data, now()).lines()]
    assert "requests to a.test: 1 made, 11,999 left" in lines
    assert "performers by faces: 4 have 0, 3 have 1, 1,200 have 2-4, 1 have 5+" in lines


def test_an_older_record_says_nothing_of_faces():
    assert face_line({}) == []


def test_selection_counts_performers_by_their_faces(tmp_path):
    people = {1: 0, 2: 1, 3: 3}
    rows = [
        record("boxone", who, f"Person {who}", shots=[shot(who, n) for n in range(faces)])
        for who, faces in people.items()
    ]
    context = IdentityWorld(tmp_path).run("r1", rows)
    found = (context.result("select") or {})["faces_per_performer"]
    assert found == {"0": 1, "1": 1, "2-4": 1, "5+": 0}
