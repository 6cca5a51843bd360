"""Every page over an invented DATA_DIR: normal, empty, damaged, hostile."""

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from reports import data as reading
from reports import text
from tests.unit import reports_world as world
from trainer.runs.record import RunRecord, write_record
from trainer.staging.atomic import read_json, write_json
from trainer.staging.paths import DataDir

APP = Path(__file__).parents[2] / "reports" / "app.py"
PAGES = ("overview", "runs", "run", "versions")


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return world.normal(tmp_path)


def page(name, **query):
    source = f"from reports.app_pages import {name}\n{name}.show()"
    return opened(AppTest.from_string(source, default_timeout=60), query)


def opened(at, query):
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception, at.exception[0].value
    return at


def metrics(at):
    return {m.label: m.value for m in at.metric}


def cells(at):
    return [str(v) for frame in at.dataframe for row in frame.value.values.tolist() for v in row]


def test_overview_shows_the_release_beside_the_one_before(data):
    at = page("overview")
    shown = {m.label: (m.value, m.delta) for m in at.metric}
    assert shown["Performers"] == ("3", "+2")
    assert shown["Faces"] == ("21", "+14")
    assert shown["Rank-1"] == ("78.0%", "+2.0 points")
    assert shown["False accepts"][0] == "12.3%"
    assert shown["Index recall@10"][0] == "99.5%"
    assert any("41 performers read" in m.value for m in at.markdown)


def test_runs_lists_both_newest_first(data):
    rows = page("runs").dataframe[0].value
    assert rows["Run"].tolist() == [data.run(world.AIRFLOW_RUN).run_id, "first"]
    assert rows["Status"].tolist() == ["partial", "completed"]
    assert rows["Work"].tolist()[0] == "1 min 15 s"
    assert rows["New faces"].tolist()[0] == 14


def test_a_run_shows_what_a_person_has_to_look_at(data):
    at = page("run", run_id=world.AIRFLOW_RUN)
    assert "To review" in [s.value for s in at.subheader]
    captions = [c.value.replace("\\", "") for c in at.caption]
    assert "1 page moved, 1 unconfirmed page" in captions
    assert {"unconfirmed page", "page moved", "demosite", "3, 4"} <= set(cells(at))
    assert text.plain(world.HOSTILE) in cells(at)
    first = page("run", run_id="first")
    assert "To review" not in [s.value for s in first.subheader]


def test_damaged_reviews_are_named(data):
    (data.run(world.AIRFLOW_RUN).resolve / "reviews.json").write_text('[{"kind": 1}]')
    at = page("run", run_id=world.AIRFLOW_RUN)
    assert any("reviews" in w.value and "json" in w.value for w in at.warning)


def test_airflows_tab_opens_its_run(data, monkeypatch):
    monkeypatch.setenv("TRAINER_AIRFLOW_URL", "http://127.0.0.1:8080/")
    query = {"dag_id": "build_performer_database", "run_id": world.AIRFLOW_RUN}
    at = opened(AppTest.from_file(str(APP), default_timeout=60), query)
    assert at.title[0].value == "One run"
    assert metrics(at)["Performers read"] == "41"
    link = "http://127.0.0.1:8080/dags/build_performer_database/runs/"
    assert at.link_button[0].url.startswith(link)
    assert "+" not in at.link_button[0].url


def test_the_app_opens_on_the_overview(data):
    at = opened(AppTest.from_file(str(APP), default_timeout=60), {})
    assert at.title[0].value == "Overview"
    assert at.sidebar.caption


def test_one_run_shows_sources_gate_and_errors(data):
    at = page("run", run_id=world.AIRFLOW_RUN)
    shown = cells(at)
    assert "http_500" in shown
    assert "http://127.0.0.1/x" in shown
    assert "NO" in shown
    assert any("person decides" in w.value for w in at.warning)


def test_a_run_without_a_record_is_said_so(data):
    assert "no record yet" in page("run", run_id="manual__later").info[0].value


def test_a_running_run_shows_its_progress(data):
    run = data.run("live")
    write_record(run, RunRecord(id="live", started_at="2026-02-01T00:00:00Z", status="running"))
    figures = {"unit": "pictures", "done": 12, "total": 48, "seconds_left": 9}
    write_json(run.staging("stashdb") / "progress.json", figures)
    bar = page("run", run_id="live").get("progress")[0].proto
    assert bar.value == 25
    assert "12 of 48 pictures" in bar.text


@pytest.mark.parametrize("done", ["many", -3, None])
def test_odd_progress_is_named_and_the_page_goes_on(data, done):
    run = data.run("live")
    write_record(run, RunRecord(id="live", started_at="2026-02-01T00:00:00Z", status="running"))
    write_json(run.staging("stashdb") / "progress.json", {"done": done, "total": 5})
    at = page("run", run_id="live")
    assert "progress" in at.warning[0].value
    assert not at.get("progress")
    assert "Errors" in [s.value for s in at.subheader]


@pytest.mark.parametrize("checks", [None, 3, []])
def test_a_gate_without_checks_is_said_so(data, checks):
    gate = {"passed": False, "checks": checks}
    record = RunRecord(id="g", started_at="2026-02-01T00:00:00Z", status="failed", gate=gate)
    write_record(data.run("g"), record)
    assert any("no checks" in w.value for w in page("run", run_id="g").warning)


def test_a_current_release_that_is_gone_is_not_called_none_published(data):
    shutil.rmtree(data.release(world.NEW))
    at = page("overview")
    assert world.NEW in at.warning[0].value.replace("\\", "")
    assert not at.info


def test_a_file_named_like_a_release_is_damaged(data):
    (data.releases / "20260109_000000").write_text("x")
    at = page("versions")
    assert any("20260109" in w.value for w in at.warning)
    assert "damaged" in cells(at)


def test_versions_shows_the_stored_diff_of_neighbours(data):
    at = page("versions")
    assert any("**14** faces added" in m.value for m in at.markdown)
    assert text.plain(world.HOSTILE) in cells(at)


def test_versions_apart_are_compared_by_ids(data):
    at = page("versions")
    oldest = at.selectbox[1].options[2]
    at.selectbox[1].select(oldest).run()
    titles = [m.value for m in at.markdown]
    assert "**Added** (2)" in titles
    assert "**Removed** (1)" in titles
    assert "**Renamed** (1)" in titles
    assert {"Bo Invented", "Ada Renamed"} <= set(cells(at))


@pytest.mark.parametrize("name", PAGES)
def test_empty_data_dir_says_which_command_to_run(tmp_path, monkeypatch, name):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert "trainer build" in page(name).info[0].value


@pytest.mark.parametrize("name", ["overview", "runs"])
def test_a_damaged_record_is_named_and_the_page_goes_on(data, name):
    data.run("first").record.write_text("{")
    at = page(name)
    assert "first" in at.warning[0].value
    assert at.metric or at.dataframe


@pytest.mark.parametrize("content", ["{", "[]", '{"version": "x"}', None])
def test_a_damaged_manifest_is_named_and_the_page_goes_on(data, content):
    path = data.release(world.NEW) / "manifest.json"
    path.unlink()
    if content is not None:
        path.write_text(content)
    for name in ("overview", "versions"):
        at = page(name)
        assert any("manifest" in w.value for w in at.warning)
        assert at.metric


def test_a_damaged_people_list_is_named(data):
    (data.release(world.OLD) / "performers.json").write_text("[1]")
    by_id = {r.version_id: r for r in reading.releases(data)}
    diff, problems = reading.compare(by_id[world.OLD], by_id[world.NEW])
    assert diff is None
    assert "performers.json" in problems[0]


def test_an_interrupted_publish_is_no_release(data):
    (data.releases / ".20260109_000000.tmp").mkdir()
    assert [r.version_id for r in reading.releases(data)] == [world.NEW, world.MIDDLE, world.OLD]


def test_no_hostile_text_reaches_markdown_or_turns_direction(data):
    for name in PAGES:
        at = page(name)
        spoken = [e.value for kind in ("markdown", "caption", "warning") for e in at.get(kind)]
        assert not any("**bold**" in s or "<b>" in s for s in spoken)
        assert not any("\u202e" in s for s in [*spoken, *cells(at)])


def test_markdown_escapes_what_streamlit_would_interpret():
    assert text.markdown("a_[b](c) :red[x] $y$") == r"a\_\[b\]\(c\) \:red\[x\] \$y\$"
    assert text.plain("\u202ex\ny") == "<U+202E>x<U+000A>y"
    assert text.plain("Zoë שלום") == "Zoë שלום"


def test_values_are_readable():
    assert text.percent(None) == text.MISSING
    assert text.utc("2026-01-08T03:00:00+02:00") == "2026-01-08 01:00 UTC"
    assert text.utc("nonsense") == text.MISSING
    assert text.duration(3725) == "1 h 02 min"
    assert text.size(1_478_000_000) == "1.5 GB"


def test_find_run_takes_airflows_id_and_refuses_nonsense(tmp_path):
    data = DataDir(tmp_path)
    write_record(data.run("a:b"), RunRecord(id="a:b", started_at="x", status="running"))
    write_record(data.run("a+b"), RunRecord(id="a+b", started_at="x", status="running"))
    write_record(data.run("c-d"), RunRecord(id="c-d", started_at="x", status="running"))
    entries = reading.runs(data)

    def found(asked: str) -> str | None:
        entry = reading.find_run(entries, asked)
        return None if entry is None or entry.record is None else entry.record.id

    assert found("a:b") == "a:b"
    assert found("a+b") == "a+b"
    assert found("a b") == "a+b"  # as an address has it
    assert found("c:d") == "c-d"  # of an older trainer
    assert reading.find_run(entries, "///") is None


COPIES = {"as_is": {"queries": 77, "no_face": 0, "rank_1": 0.987, "false_reject": 0.01}}


def test_degraded_copies_are_shown_with_the_release_and_with_its_run(data):
    assert "98.7%" not in cells(page("overview"))
    path = data.release(world.NEW) / "evaluate.json"
    write_json(path, read_json(path) | {"scene_queries": COPIES})
    assert {"as is", "77", "98.7%"} <= set(cells(page("overview")))
    run = data.run(world.AIRFLOW_RUN)
    shown = page("run", run_id=run.run_id)
    assert "98.7%" not in cells(shown)
    record = RunRecord.model_validate(read_json(run.record) | {"evaluation": {}})
    write_record(run, record.model_copy(update={"evaluation": {"scene_queries": COPIES}}))
    assert {"as is", "77", "98.7%"} <= set(cells(page("run", run_id=run.run_id)))
    write_record(run, record.model_copy(update={"evaluation": {"scene_queries": {"x": [1]}}}))
    shown = page("run", run_id=run.run_id)
    assert any("degraded copies are unreadable" in w.value for w in shown.warning)
