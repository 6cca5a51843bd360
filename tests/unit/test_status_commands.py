"""`trainer status`, `trainer runs show` and `trainer performers show`. All invented."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.unit import reports_world
from tests.unit.identity_world import WHEN, IdentityWorld, page, record, shot, uuid
from trainer.cli import app
from trainer.exclusions.edit import add
from trainer.pipeline.performer_lookup import find_performers
from trainer.pipeline.performer_report import performer_report
from trainer.runs.record import RunRecord, write_record
from trainer.runs.status import read_status
from trainer.staging.atomic import write_json
from trainer.staging.paths import DataDir
from trainer.state.store import read_identities

SCHEMA = Path(__file__).parents[2] / "trainer" / "release" / "schema.sql"
LINK = "https://www.imdb.com/name/nm9990001"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def ask(data, *words):
    done = CliRunner().invoke(app, [*words, "--data-dir", str(data.root)])
    return done.exit_code, done.stdout, done.exception


def start_run(data, name="now"):
    record = {"id": name, "started_at": "2026-11-28T11:00:00Z", "status": "running"}
    steps = {"plan": {"status": "done", "seconds": 1.0}, "crawl": {"status": "running"}}
    write_record(data.run(name), RunRecord.model_validate(record | {"steps": steps}))


def touch(data, name, moment):
    for path in data.run(name).root.rglob("*"):
        os.utime(path, (moment.timestamp(),) * 2)


def test_an_empty_directory_is_idle(tmp_path):
    code, out, _ = ask(DataDir(tmp_path), "status")
    assert (code, out.strip()) == (0, "idle")


def test_idle_says_how_the_last_run_ended_and_what_waits(tmp_path):
    data = reports_world.normal(tmp_path)
    held = {"id": "held", "started_at": "2026-01-09T00:00:00Z", "status": "needs_approval"}
    write_record(data.run("held"), RunRecord.model_validate(held))
    found = read_status(data, NOW)
    assert (found.state, found.candidates, found.reviews) == ("idle", ["held"], 2)
    lines = "\n".join(found.lines())
    assert "last run held: needs_approval" in lines
    assert "waits for approval: held" in lines
    assert "2 to review" in lines


def test_a_running_build_shows_its_step_and_how_far_it_is(tmp_path):
    data = DataDir(tmp_path)
    start_run(data)
    figures = {"unit": "performers", "done": 2340, "total": 75000, "rate_per_second": 4.0}
    crawl = data.run("now").staging("stashdb")
    write_json(crawl / "progress.json", figures | {"seconds_left": 18165})
    write_json(
        data.run("now").staging("fansdb") / "progress.json",
        figures | {"done": 75000, "seconds_left": 0},
    )
    touch(data, "now", NOW)
    found = read_status(data, NOW)
    assert (found.state, found.steps) == ("running", ["crawl"])
    assert list(found.progress) == ["staging/stashdb"]  # the other is done
    assert "2340/75000 performers, 4.0/s, 18165 s left" in "\n".join(found.lines())


def test_a_run_that_writes_nothing_any_more_is_not_called_running(tmp_path):
    data = DataDir(tmp_path)
    start_run(data)
    touch(data, "now", datetime(2026, 11, 28, 10, 59, tzinfo=UTC))
    found = read_status(data, NOW)
    assert found.state == "quiet"
    assert "`trainer build` goes on with it" in found.lines()[0]


def test_damaged_files_are_named_and_the_rest_is_said(tmp_path):
    data = DataDir(tmp_path)
    start_run(data)
    bad = data.run("now").staging("stashdb")
    bad.mkdir(parents=True)
    (bad / "progress.json").write_text('{"done": "x"}')
    (data.run("old").root).mkdir()
    data.run("old").record.write_text("{")
    code, out, _ = ask(data, "status", "--json")
    assert code == 0
    problems = json.loads(out)["problems"]
    assert any("old/run.json" in p for p in problems)
    assert any("stashdb/progress.json" in p for p in problems)


def test_runs_lists_and_shows_one(tmp_path):
    data = reports_world.normal(tmp_path)
    code, out, _ = ask(data, "runs")
    assert code == 0
    assert len(out.splitlines()) == 2
    code, out, _ = ask(data, "runs", "show", reports_world.AIRFLOW_RUN)
    assert code == 0
    assert "started 2026-01-08T01:02:03Z, ended 2026-01-08T02:00:00Z" in out
    assert re.search(r"steps: .*plan in 75 s", out)
    assert "gate: rank-1" in out
    code, out, _ = ask(data, "runs", "show", "first", "--json")
    assert json.loads(out)["status"] == "completed"
    code, out, error = ask(data, "runs", "show", "nowhere")
    assert code == 1
    assert "no run 'nowhere'" in str(error)


@pytest.fixture
def people(tmp_path):
    """Performers 1 (three records, a page) and 2, published; nobody is in a release yet."""
    world = IdentityWorld(tmp_path)
    world.publish(world.run("week-1", _rows(LINK)))
    record = {"id": "week-1", "started_at": WHEN, "status": "completed"}
    write_record(world.data.run("week-1"), RunRecord.model_validate(record))
    with sqlite3.connect(world.data.state_db) as db:
        for key in world._sources:
            db.execute(
                "INSERT INTO snapshots (source, run_id, live_performers) VALUES (?, 'week-1', 9)",
                (key,),
            )
    _release(world.data)
    return world


def _release(data):
    """A release's database with performer 1, and an alias of hers."""
    directory = data.release("20261101_000000")
    directory.mkdir(parents=True)
    with sqlite3.connect(directory / "performers.db") as db:
        db.executescript(SCHEMA.read_text())
        db.execute("INSERT INTO performers (id, canonical_name) VALUES (1, 'Ada Korin')")
        db.execute("INSERT INTO aliases (performer_id, alias) VALUES (1, 'Sable 100%')")
        row = (1, "imdb", "https://www.imdb.com/name/nm9990001/", "nm9990001")
        db.execute(
            "INSERT INTO external_urls (performer_id, site, url, normalized_id) VALUES (?,?,?,?)",
            row,
        )
    data.current.symlink_to("20261101_000000")


def _rows(link):
    shots = (shot(1, 1), shot(1, 2), shot(1, 3))
    return [
        record("boxone", 1, "Ada Korin", links=(link, "https://surely.example/star/ada"))
        | {"height_cm": 170, "images": record("boxone", 1, "x", shots=shots)["images"]},
        record("boxtwo", 2, "Ada Korin", links=(link,), eye_color="green") | {"height_cm": 172},
        page("surely", "ada", "Ada Korin", shots=(shot(9, 1),)),
        record("boxone", 3, "Young Person", shots=(shot(3, 1),), birth_date="2015-01-01"),
    ]


def reported(world, who):
    known = read_identities(world.data.state_db)
    numbers = find_performers(world.data, world._sources, known, who)
    return [performer_report(world.data, world._sources, known, n) for n in numbers]


def test_a_performer_shows_each_fact_with_its_source_and_what_others_say(people):
    (found,) = reported(people, "1")
    facts = {row["fact"]: row for row in found.facts}
    assert facts["height_cm"]["value"] == 170
    assert facts["height_cm"]["source"] == "boxone"
    assert facts["height_cm"]["others"] == {"boxtwo": 172}
    assert facts["eye_color"]["source"] == "boxtwo"
    records = {row["record"]: row for row in found.records}
    assert f"boxtwo:{uuid(2)}" in records
    assert "imdb" in str([row["evidence"] for row in found.records])


def test_every_kind_of_name_for_somebody_leads_to_them(people):
    for who in (
        "1",
        f"boxtwo:{uuid(2)}",
        f"boxone.example:{uuid(1)}",
        "ADA KOR",
        "sable 100%",
        LINK,
    ):
        assert [r.performer_id for r in reported(people, who)] == [1], who


def test_of_people_in_quarantine_nothing_but_the_reason_is_shown(people):
    number = read_identities(people.data.state_db).claims["boxone", uuid(3)]
    (found,) = reported(people, str(number))
    assert found.withheld is not None
    assert "quarantine" in found.withheld
    assert "Young" not in str(vars(found))
    assert found.facts == [] and found.records == []


def test_of_excluded_people_nothing_is_shown(people):
    add(people.data, "id", f"boxone:{uuid(1)}", "asked", WHEN)
    (found,) = reported(people, "1")
    assert "excluded" in (found.withheld or "")
    assert "Ada" not in str(vars(found))


def test_refused_faces_have_their_rule(people):
    (found,) = reported(people, "1")
    assert found.refused, "the page's picture is somebody else's face"
    assert {"source", "rule", "url"} <= set(found.refused[0])


def test_the_command_prints_it_and_names_nobody_in_a_sentence(people, monkeypatch):
    monkeypatch.setattr("trainer.cli.performers.load_sources", lambda _root: people._sources)
    code, out, _ = ask(people.data, "performers", "show", "1")
    assert code == 0
    assert "height_cm: 170 (boxone; boxtwo: 172)" in out
    assert "alias: Sable 100%" in out
    code, out, _ = ask(people.data, "performers", "show", "1", "--json")
    assert json.loads(out)[0]["performer_id"] == 1
    for who in ("nobody at all", "999", "boxone:none", "https://x.example/y", "", "%%"):
        code, out, error = ask(people.data, "performers", "show", who)
        assert code == 1, who
        assert "nobody is known as" in str(error)
