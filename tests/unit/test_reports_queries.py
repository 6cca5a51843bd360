"""What the pages ask, without Streamlit."""

import csv
import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import polars as pl
import pytest

from reports import data as reading
from reports.queries import changes, funnel, quality, runs, sources, state, steps
from reports.queries.background import Background
from tests.unit import reports_world as world
from tests.waiting import DEADLINE
from trainer.faces.absent import ABSENT, write_absent
from trainer.runs.record import RunRecord, StepRecord, read_record, write_record
from trainer.staging.paths import DataDir
from trainer.staging.stamped import Kept

BEGIN = datetime(2026, 1, 8, 1, 0, tzinfo=UTC)


@pytest.fixture
def data(tmp_path):
    return world.normal(tmp_path)


def test_a_file_is_read_again_only_when_it_changed(tmp_path):
    calls: list[Path] = []

    def counted(path: Path) -> str:
        calls.append(path)
        return path.read_text()

    read = Kept(counted, most=1)
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("a")
    other.write_text("b")
    assert [read(one), read(one), len(calls)] == ["a", "a", 1]
    one.write_text("longer")
    assert [read(one), len(calls)] == ["longer", 2]
    read(other)
    read(one)
    assert len(calls) == 4  # only one is kept


def test_summaries_are_newest_first_and_name_damaged_ones(data):
    data.run("first").record.write_text('{"id": 3}')
    found = runs.summaries(data)
    assert [run.run_id for run in found.runs] == [data.run(world.AIRFLOW_RUN).run_id]
    assert "first" in found.problems[0]


def test_wall_time_of_a_run_that_goes_on_is_until_now():
    record = runs.RunSummary(id="x", started_at="2026-01-08T01:00:00Z", status="running")
    assert record.seconds(BEGIN + timedelta(minutes=3)) == 180
    assert record.model_copy(update={"status": "failed"}).seconds(BEGIN) is None
    assert record.model_copy(update={"started_at": "?"}).seconds(BEGIN) is None


def test_the_run_before_is_the_last_that_published(data):
    for number, release in ((1, "r1"), (2, None), (3, "r3")):
        record = RunRecord(
            id=f"n{number}", started_at=f"2027-01-0{number}", status="completed", release=release
        )
        write_record(data.run(f"n{number}"), record)
    found = runs.summaries(data).runs
    before = runs.previous_of(found, "n3")
    assert before is not None
    assert before.run_id == "n1"
    assert runs.previous_of(found, "unknown") is None


def record_of(seconds):
    labels = {label: StepRecord(status="done", seconds=s) for label, s in seconds.items()}
    return RunRecord(
        id="r",
        started_at="2026-01-08T01:00:00Z",
        completed_at="2026-01-08T02:00:00Z",
        status="completed",
        steps=labels,
    )


SECONDS = {"publish": 1.0, "crawl-b": 50.0, "crawl-a": 100.0, "plan": 10.0, "plan_references": 5.0}


def test_without_markers_a_step_begins_where_what_it_waits_for_ends(tmp_path):
    found = steps.timeline(DataDir(tmp_path).run("r"), record_of(SECONDS), BEGIN)
    starts = {s.label: (s.start - BEGIN).total_seconds() for s in found.spans}
    assert not found.measured
    assert list(starts) == ["plan", "crawl-a", "crawl-b", "plan_references", "publish"]
    assert (starts["crawl-a"], starts["crawl-b"], starts["plan_references"]) == (10, 10, 110)


@pytest.mark.parametrize(("minutes", "measured"), [(0, True), (600, False)])
def test_markers_of_the_run_tell_the_time_and_copied_ones_do_not(tmp_path, minutes, measured):
    run = DataDir(tmp_path).run("r")
    for number, label in enumerate(SECONDS):
        path = run.step(label)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
        at = (BEGIN + timedelta(minutes=minutes + number * 5 + 5)).timestamp()
        os.utime(path, (at, at))
    found = steps.timeline(run, record_of(SECONDS), BEGIN)
    assert found.measured is measured
    crawl = next(s for s in found.spans if s.label == "crawl-a")
    assert crawl.seconds == 100
    assert (crawl.end == BEGIN + timedelta(minutes=15)) is measured


def test_a_failed_step_lasts_until_the_runs_end(tmp_path):
    record = record_of({"plan": 10.0})
    record.steps["crawl-a"] = StepRecord(status="failed")
    found = steps.timeline(DataDir(tmp_path).run("r"), record, BEGIN).spans
    assert [(s.status, s.seconds) for s in found] == [("done", 10.0), ("failed", 3590.0)]


def test_the_funnel_goes_the_way_images_go(data):
    record = read_record(data.run(world.AIRFLOW_RUN).record)
    way = funnel.way(record, "stashdb")
    assert list(way.items()) == [
        ("fetched", 17), ("face", 15), ("quality", 14), ("trust", 12), ("selected", 10)
    ]  # fmt: skip
    assert funnel.way(record) == way
    assert funnel.way(record, "other") == {}
    lost = [(x.stage, x.reason, x.images) for x in funnel.losses(record)]
    assert lost == [
        ("face", "no face", 2),
        ("quality", "face too small", 1),
        ("trust", "several faces", 2),
        ("selected", "over total", 2),
    ]
    gaps = [a - b for a, b in zip(way.values(), [*way.values()][1:], strict=False)]
    assert gaps == [images for _, _, images in lost]


def test_losses_of_all_sources_are_added_up():
    lost = [funnel.Loss(s, "face", "no face", n) for s, n in (("a", 2), ("b", 3))]
    assert funnel.by_reason(lost) == [funnel.Loss("", "face", "no face", 5)]


def compared(data, older, newer):
    found, problems = changes.changes(data.release(older), data.release(newer))
    assert not problems
    return found


def test_changes_of_releases_that_are_no_neighbours(data):
    found = compared(data, world.OLD, world.NEW)
    rows = [(r["kind"], r["name"], r["before"]) for r in found.rows.iter_rows(named=True)]
    assert rows == [
        ("added", world.HOSTILE, ""),
        ("added", "Cy Invented", ""),
        ("removed", "Bo Invented", ""),
        ("renamed", "Ada Renamed", "Ada Invented"),
    ]
    assert found.counts == {"added": 2, "removed": 1, "merged": 0, "renamed": 1, "changed": 0}
    assert found.faces == [changes.FacesOfSource("stashdb", 2, 1)]


def test_a_performer_whose_id_another_has_is_merged_and_facts_are_changes(data):
    import sqlite3

    with sqlite3.connect(data.release(world.NEW) / "performers.db") as db:
        db.execute("UPDATE performers SET gender = 'MALE', canonical_name = 'Ada' WHERE id = 1")
        db.execute("UPDATE stashbox_ids SET stashbox_performer_id = '2' WHERE performer_id = 4")
    rows = {r["kind"]: r for r in compared(data, world.OLD, world.NEW).rows.to_dicts()}
    assert (rows["merged"]["name"], rows["merged"]["before"]) == ("Cy Invented", "Bo Invented")
    assert rows["changed"]["what"] == "gender: None → MALE"


def test_reasons_of_the_stored_diff_are_shown(data):
    gone = {"performer_id": 2, "universal_id": "x", "name": "Bo Invented", "why": "excluded"}
    world._json(
        data.release(world.MIDDLE) / "diff.json", {"old_version": world.OLD, "removed": [gone]}
    )
    assert compared(data, world.OLD, world.MIDDLE).rows["what"].to_list() == ["excluded"]


def test_changes_are_searched_by_words_kind_and_source(data):
    rows = compared(data, world.OLD, world.NEW).rows
    assert changes.matching(rows, "ada ren", [], [])["kind"].to_list() == ["renamed"]
    assert changes.matching(rows, "stashdb.org:2", [], [])["name"].to_list() == ["Bo Invented"]
    assert len(changes.matching(rows, "", ["added"], ["stashdb.org"])) == 2
    assert changes.matching(rows, "[", [], [])["name"].to_list() == [world.HOSTILE]
    assert changes.matching(rows, "", [], ["other"]).is_empty()


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_cell_of_the_file_is_a_formula(cell):
    rows = pl.DataFrame({"name": [cell, "Ada"], "performer_id": [-1, 2]})
    read = list(csv.DictReader(io.StringIO(changes.as_csv(rows), newline="")))
    assert [row["name"] for row in read] == [f"'{cell}", "Ada"]
    assert read[0]["performer_id"] == "-1"  # a number of ours


def test_quality_has_intervals_and_the_curve(data):
    releases = reading.releases(data)
    rows = quality.over_releases(releases)
    assert [row.release for row in rows] == [world.OLD, world.MIDDLE, world.NEW]
    assert rows[-1].rank_1_interval == (0.7, 0.9)
    assert rows[-1].faces_each == 7
    assert len(quality.error_curve(releases[0].evaluation)) == 11


def test_the_missing_are_counted_by_scenes(data):
    base = {"universal_id": "u", "name": "N", "images": 0}
    listed = [
        base | {"performer_id": i, "scene_count": scenes, "reason": why}
        for i, (scenes, why) in enumerate([(300, "no_image"), (9, "no_face"), (0, "no_face")])
    ] + [base | {"performer_id": 9, "scene_count": None, "reason": "quarantine"}]
    frame = pl.from_arrow(__import__("pyarrow").Table.from_pylist(listed, schema=ABSENT))
    assert isinstance(frame, pl.DataFrame)
    write_absent(data.run(world.AIRFLOW_RUN).select, frame)
    found, problems = quality.missing(data, runs.summaries(data).runs)
    assert not problems
    assert found is not None
    assert set(found.by_scenes) == {
        ("200 and more", "no image", 1),
        ("1 to 9", "no face", 1),
        ("no scene", "no face", 1),
        ("unknown", "quarantine", 1),
    }
    assert {scenes for scenes, _, _ in found.by_scenes} <= set(quality.scene_labels())


def test_damaged_tables_of_the_missing_are_named(data):
    path = data.run(world.AIRFLOW_RUN).select / "absent.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    found, problems = quality.missing(data, runs.summaries(data).runs)
    assert found is None
    assert "absent.parquet" in problems[0]


def test_a_source_is_as_its_last_visit_was_and_never_visited_ones_say_why(data):
    rows, problems = sources.health(data, runs.summaries(data).runs, environment={})
    assert not problems
    by_name = {row.source: row for row in rows}
    assert by_name["stashdb"].state == "good"
    assert by_name["stashdb"].last_good == datetime(2026, 1, 8, 1, 2, 3, tzinfo=UTC)
    assert by_name["fansdb"].state == "off"
    assert "FANSDB" in by_name["fansdb"].reason
    (data.root / "sources.yaml").write_text("stashdb: {enabled: false}")
    off = sources.health(data, runs.summaries(data).runs, environment={})[0]
    assert next(row for row in off if row.source == "stashdb").state == "off"


def test_what_goes_on_has_only_the_stages_that_are_not_done(data):
    run = data.run("live")
    write_record(run, RunRecord(id="live", started_at="2026-02-01T00:00:00Z", status="running"))
    for source, done in (("a", 5), ("b", 10)):
        run.staging(source).mkdir(parents=True)
        world._json(run.staging(source) / "progress.json", {"done": done, "total": 10})
    going = state.running(data, runs.summaries(data).runs)
    assert going is not None
    assert going.last_sign is not None
    assert list(going.stages) == ["staging/a"]
    assert going.is_quiet(going.last_sign + timedelta(minutes=16))
    assert not going.is_quiet(going.last_sign + timedelta(minutes=14))


def test_what_takes_long_is_worked_out_once_and_asked_for_again():
    release = Event()
    calls: list[int] = []
    answers: Background[str] = Background(most=2)

    def work():
        calls.append(1)
        release.wait(DEADLINE)
        return "done"

    assert answers.answer("key", work, 0.01) is None
    release.set()
    assert answers.answer("key", work, DEADLINE) == "done"
    assert calls == [1]
