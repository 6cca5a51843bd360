"""Overview and Runs over an invented DATA_DIR."""

import os
import shutil
import time

import pytest

from reports import next_build, text
from tests.unit import reports_world as world
from tests.unit.fake_airflow import PREFIX, configure, dag, serving_airflow
from tests.unit.reports_visit import app, cells, page, spoken
from trainer.runs.record import RunRecord, read_record, write_record
from trainer.staging.atomic import write_json


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    configure(monkeypatch, None)
    return world.normal(tmp_path)


def live(data, figures=None):
    run = data.run("live")
    record = RunRecord(id="live", started_at="2026-02-01T00:00:00Z", status="running")
    write_record(run, record)
    if figures is not None:
        write_json(run.staging("stashdb") / "progress.json", figures)
    return run


def test_overview_shows_the_release_beside_the_one_before(data):
    shown = {m.label: (m.value, m.delta) for m in page("overview").metric}
    assert shown["Performers"] == ("3", "+2")
    assert shown["Faces"] == ("21", "+14")
    assert shown["Rank-1"] == ("78.0%", "+2.0 points")
    assert shown["False accepts"][0] == "12.3%"
    assert shown["Last run"][0] == "57 min 57 s"


def test_overview_says_idle_and_what_waits(data):
    said = [s.replace("\\", "") for s in spoken(page("overview"))]
    assert any("Idle" in s for s in said)
    assert any("2 review items" in s and "1 page moved" in s for s in said)


def test_overview_says_when_airflow_starts_the_next_build(data, monkeypatch):
    with serving_airflow() as fake:
        configure(monkeypatch, fake)
        said = [s.replace("\\", "") for s in spoken(page("overview"))]
        assert any("Next build Sun 29 Nov 2026, 00:00 UTC" in s for s in said)
        fake.answers["GET", PREFIX] = (200, dag(is_paused=True))
        next_build._asked.clear()
        assert any("The DAG is paused" in s for s in spoken(page("overview")))
        next_build._asked.clear()
        fake.password = "another"  # noqa: S105 - invented
        assert any("does not know this user" in s for s in spoken(page("overview")))


def test_overview_shows_a_running_build_with_rate_and_time_left(data):
    live(data, {"unit": "performers", "done": 2340, "total": 75_000, "rate_per_second": 4.1,
                "seconds_left": 17_700})  # fmt: skip
    at = page("overview")
    bar = at.get("progress")[0].proto
    assert bar.value == 3
    shown = bar.text.replace("\\", "")
    assert shown == "stashdb: 2,340 of 75,000 performers, 4.1 a second, 4 h 55 min left"
    assert not any("Nothing was written" in w.value for w in at.warning)


def test_a_run_that_writes_nothing_may_have_died(data):
    run = live(data)
    long_ago = time.time() - 3600
    os.utime(run.record, (long_ago, long_ago))
    assert any("may have died" in w.value for w in page("overview").warning)


def test_a_candidate_is_said_with_its_commands(data):
    record = RunRecord(id="held", started_at="2026-02-01T00:00:00Z", status="needs_approval")
    write_record(data.run("held"), record)
    said = [w.value for w in page("overview").warning]
    assert any("trainer approve held" in w for w in said)


def test_overview_lists_sources_with_their_state_and_reason(data):
    record = read_record(data.run(world.AIRFLOW_RUN).record)
    stats = record.stats.by_source["stashdb"].model_copy(
        update={"status": "blocked", "reason": "answered 403 thrice"}
    )
    record.stats.by_source["stashdb"] = stats
    write_record(data.run(world.AIRFLOW_RUN), record)
    shown = cells(page("overview"))
    assert {"blocked", "answered 403 thrice"} <= set(shown)


def test_runs_lists_both_newest_first_with_wall_time(data):
    rows = page("runs").dataframe[0].value
    assert rows["Status"].tolist() == ["partial", "completed"]
    assert rows["Took"].tolist() == ["57 min 57 s", text.MISSING]
    assert rows["Faces added"].tolist()[0] == 14


def test_runs_are_filtered(data):
    at = page("runs")
    at.multiselect[0].select("completed").run()
    assert at.dataframe[0].value["Status"].tolist() == ["completed"]
    at.multiselect[1].select("stashdb").run()
    assert "Take a filter away" in at.info[0].value
    assert page("runs", source="stashdb").dataframe[0].value["Status"].tolist() == ["partial"]


@pytest.mark.parametrize("measure", ["Performers added", "Faces added", "Errors"])
def test_every_measure_of_runs_can_be_drawn(data, measure):
    at = page("runs")
    at.session_state["runs_measure"] = measure
    at.run()
    assert not at.exception


def test_airflows_tab_opens_its_run(data, monkeypatch):
    monkeypatch.setenv("TRAINER_AIRFLOW_URL", "http://127.0.0.1:8080/")
    at = app(dag_id="build_performer_database", run_id=world.AIRFLOW_RUN)
    assert at.title[0].value == "Run of Thu 8 Jan 2026, 01:02 UTC"
    link = "http://127.0.0.1:8080/dags/build_performer_database/runs/"
    assert at.link_button[0].url.startswith(link)
    assert "+" not in at.link_button[0].url


def test_the_app_opens_on_the_overview(data):
    assert app().title[0].value == "Overview"


def test_a_current_release_that_is_gone_is_not_called_none_published(data):
    shutil.rmtree(data.release(world.NEW))
    at = page("overview")
    assert any(world.NEW in w.value.replace("\\", "") for w in at.warning)
    assert not at.info
