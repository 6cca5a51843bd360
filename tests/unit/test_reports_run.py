"""The page of one run: its tabs, its progress, and what is damaged."""

import pytest

from reports import text
from reports.run_tabs.errors import by_kind
from tests.unit import reports_world as world
from tests.unit.reports_visit import RUN_TABS, cells, metrics, page, spoken
from trainer.runs.record import RunRecord, read_record, write_record
from trainer.staging.atomic import write_json
from trainer.staging.manifest import StageError

COPIES = {"as_is": {"queries": 77, "no_face": 0, "rank_1": 0.987, "false_reject": 0.01}}


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return world.normal(tmp_path)


def test_the_newest_run_is_shown_where_none_is_asked_for(data):
    at = page("run")
    assert at.selectbox[0].options[0] == "Run of Thu 8 Jan 2026, 01:02 UTC"


def test_the_head_says_how_long_it_took(data):
    said = spoken(page("run", run_id=world.AIRFLOW_RUN))
    assert any("took **57 min 57 s**" in s and "41 performers read" in s for s in said)


def test_tabs_in_the_order_one_asks(data):
    tabs = [t.label.split(": ")[1] for t in page("run", run_id=world.AIRFLOW_RUN).tabs]
    assert tabs == [
        "Steps", "Sources", "Images", "Changes", "Errors (1)", "Log", "Review", "Quality",
        "Parameters",
    ]  # fmt: skip


def test_sources_gate_and_errors_are_shown(data):
    at = page("run", run_id=world.AIRFLOW_RUN, tab="Errors")
    assert {"http://127.0.0.1/x", "images"} <= set(cells(at))
    assert any("http 500" in e.label.replace("\\", "") for e in at.expander)
    at = page("run", run_id=world.AIRFLOW_RUN, tab="Quality")
    assert "NO" in cells(at)
    assert any("person decides" in w.value for w in at.warning)
    at = page("run", run_id=world.AIRFLOW_RUN, tab="Changes")
    assert metrics(at)["New faces"] == "14"


@pytest.mark.parametrize("tab", RUN_TABS)
@pytest.mark.parametrize("run", ["first", world.AIRFLOW_RUN])
def test_every_tab_says_something(data, run, tab):
    at = page("run", run_id=run, tab=tab)
    assert len(at.caption) > 1 or at.metric or at.dataframe or at.success


def test_a_source_of_the_address_is_shown_in_detail(data):
    at = page("run", run_id=world.AIRFLOW_RUN, source="stashdb", tab="Sources")
    assert "Carried over without a request" in cells(at)
    at = page("run", run_id=world.AIRFLOW_RUN, source="stashdb", tab="Images")
    assert at.selectbox[0].value == "stashdb"


def test_what_a_person_has_to_look_at(data):
    at = page("run", run_id=world.AIRFLOW_RUN, tab="Review")
    assert any("1 page moved" in s.replace("\\", "") for s in spoken(at))
    assert {"unconfirmed page", "page moved", "demosite", "3, 4"} <= set(cells(at))
    assert text.plain(world.HOSTILE) in cells(at)
    assert any("Nothing waits" in s for s in spoken(page("run", run_id="first", tab="Review")))


def test_damaged_reviews_are_named(data):
    (data.run(world.AIRFLOW_RUN).resolve / "reviews.json").write_text('[{"kind": 1}]')
    at = page("run", run_id=world.AIRFLOW_RUN, tab="Review")
    assert any("reviews" in w.value and "json" in w.value for w in at.warning)


def test_a_run_without_a_record_is_said_so(data):
    assert "no record yet" in page("run", run_id="manual__later").info[0].value


def test_a_damaged_record_is_named(data):
    data.run("first").record.write_text("{")
    assert "first" in page("run", run_id="first").warning[0].value


def running(data, figures):
    run = data.run("live")
    write_record(run, RunRecord(id="live", started_at="2026-02-01T00:00:00Z", status="running"))
    write_json(run.staging("stashdb") / "progress.json", figures)
    return page("run", run_id="live")


def test_a_running_run_shows_its_progress(data):
    bar = running(data, {"unit": "pictures", "done": 12, "total": 48, "seconds_left": 9})
    shown = bar.get("progress")[0].proto
    assert shown.value == 25
    assert "12 of 48 pictures" in shown.text


@pytest.mark.parametrize("done", ["many", -3, None])
def test_odd_progress_is_named_and_the_page_goes_on(data, done):
    at = running(data, {"done": done, "total": 5})
    assert "progress" in at.warning[0].value
    assert not at.get("progress")
    assert at.tabs


@pytest.mark.parametrize("checks", [None, 3, []])
def test_a_gate_without_checks_is_said_so(data, checks):
    gate = {"passed": False, "checks": checks}
    record = RunRecord(id="g", started_at="2026-02-01T00:00:00Z", status="failed", gate=gate)
    write_record(data.run("g"), record)
    assert any("no checks" in w.value for w in page("run", run_id="g", tab="Quality").warning)


def test_degraded_copies_are_shown_and_damaged_ones_named(data):
    run = data.run(world.AIRFLOW_RUN)
    record = read_record(run.record)
    write_record(run, record.model_copy(update={"evaluation": {"scene_queries": COPIES}}))
    assert {"as is", "77", "98.7%"} <= set(cells(page("run", run_id=run.run_id, tab="Quality")))
    write_record(run, record.model_copy(update={"evaluation": {"scene_queries": {"x": [1]}}}))
    shown = page("run", run_id=run.run_id, tab="Quality")
    assert any("degraded copies are unreadable" in w.value for w in shown.warning)


def test_errors_are_grouped_by_kind_the_most_frequent_first():
    errors = [
        StageError(kind="a", message="m", count=2),
        StageError(kind="b", message="m", count=5, source="s"),
        StageError(kind="a", message="n", count=4),
    ]
    grouped = [(kind, count, [e.count for e in group]) for kind, count, group in by_kind(errors)]
    assert grouped == [("a", 6, [4, 2]), ("b", 5, [5])]
