"""Every page over an invented DATA_DIR: normal, empty, damaged, hostile."""

import os
import shutil
import time
from datetime import UTC, datetime

import pytest

from reports import data as reading
from reports import text
from reports.app_pages import versions
from tests.unit import reports_world as world
from tests.unit.reports_visit import (
    PAGES,
    QUALITY_TABS,
    RUN_TABS,
    app,
    cells,
    metrics,
    page,
    spoken,
)
from trainer.runs.record import RunRecord, read_record, write_record
from trainer.staging.atomic import write_json
from trainer.staging.paths import DataDir


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr(versions, "PATIENCE", 60.0)
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


def test_a_file_named_like_a_release_is_damaged(data):
    (data.releases / "20260109_000000").write_text("x")
    at = page("versions")
    assert any("20260109" in w.value for w in at.warning)
    assert "damaged" in at.table[0].value["Version"].tolist()


def test_versions_shows_what_is_known_of_each(data):
    (data.release(world.NEW) / "manifest.sig").write_text("x")
    data.performers_link(world.NEW).symlink_to(data.release(world.NEW) / "performers.db")
    rows = page("versions").table[0].value
    assert rows["State"].tolist() == ["current, signed", text.MISSING, text.MISSING]
    assert rows["File"].tolist()[0] == text.markdown(f"performers_{world.NEW}.db")
    assert rows["Verified"].tolist() == ["yes", "yes", "yes"]


def test_versions_compares_neighbours(data):
    at = page("versions")
    assert (metrics(at)["Added"], metrics(at)["Renamed"]) == ("2", "1")
    assert text.plain(world.HOSTILE) in cells(at)


def test_versions_compares_the_two_that_the_address_names(data):
    at = page("versions", newer=world.NEW, older=world.OLD)
    shown = metrics(at)
    assert [shown[k] for k in ("Added", "Removed", "Renamed")] == ["2", "1", "1"]
    assert {"Bo Invented", "Ada Renamed"} <= set(cells(at))
    at.text_input[0].set_value("bo INV").run()
    assert at.dataframe[0].value["Name"].tolist() == ["Bo Invented"]
    at.text_input[0].set_value("nobody").run()
    assert "No change is like that" in at.info[0].value


def test_an_address_of_a_version_that_is_gone_shows_the_newest(data):
    at = page("versions", newer="20200101_000000", older="../x", version="no")
    assert [box.value for box in at.selectbox] == [world.NEW, world.NEW, world.MIDDLE]


def test_the_same_version_twice_is_not_compared(data):
    at = page("versions", newer=world.OLD, older=world.OLD)
    assert "two different" in at.info[0].value


def test_quality_opens_the_release_of_the_address(data):
    for tab in ("Error curve", "Harder pictures"):
        assert page("quality", version=world.OLD, tab=tab).selectbox[0].value == world.OLD
    assert page("quality", version="no", tab="Error curve").selectbox[0].value == world.NEW


@pytest.mark.parametrize("tab", [*QUALITY_TABS, "nonsense"])
def test_every_tab_of_quality_says_something(data, tab):
    at = page("quality", tab=tab)
    assert at.info or at.caption


@pytest.mark.parametrize("name", [name for name in PAGES if name != "about"])
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
    for name in ("overview", "versions", "quality"):
        at = page(name)
        assert any("manifest" in w.value for w in at.warning)
        assert at.metric or at.selectbox or at.tabs


@pytest.mark.parametrize("content", ["x" * 5000, None])
def test_a_damaged_database_is_named_and_the_page_goes_on(data, content):
    path = data.release(world.NEW) / "performers.db"
    path.unlink()
    if content is not None:
        path.write_text(content)
    at = page("versions")
    assert any("compared" in w.value for w in at.warning)
    assert at.table


def test_a_damaged_evaluation_is_named_and_the_page_goes_on(data):
    (data.release(world.NEW) / "evaluate.json").write_text("[1]")
    at = page("quality")
    assert any("evaluate" in w.value for w in at.warning)


def test_a_damaged_state_or_configuration_is_named(data):
    data.state_db.write_text("no database at all, only text " * 50)
    assert any("state" in w.value for w in page("overview").warning)
    (data.root / "sources.yaml").write_text("stashdb: [")
    assert any("sources" in w.value for w in page("overview").warning)


def test_an_interrupted_publish_is_no_release(data):
    (data.releases / ".20260109_000000.tmp").mkdir()
    assert [r.version_id for r in reading.releases(data)] == [world.NEW, world.MIDDLE, world.OLD]


def test_no_hostile_text_reaches_markdown_or_turns_direction(data):
    record = read_record(data.run(world.AIRFLOW_RUN).record)
    record.rejected_because = world.HOSTILE
    record.funnel["stashdb"][world.HOSTILE] = 3
    stats = record.stats.by_source["stashdb"]
    record.stats.by_source[world.HOSTILE] = stats.model_copy(update={"reason": world.HOSTILE})
    write_record(data.run(world.AIRFLOW_RUN), record)
    asked: list[tuple[str, dict[str, str]]] = [(name, {}) for name in PAGES if name != "run"]
    asked += [("run", {"run_id": world.AIRFLOW_RUN, "tab": tab}) for tab in RUN_TABS]
    asked += [("quality", {"tab": tab}) for tab in QUALITY_TABS]
    for name, query in asked:
        at = page(name, **query)
        said = [s.replace("**" + s, "") for s in spoken(at)]
        assert not any(p in s for s in said for p in ("**bold**", "<b>", "<script>", "[a](j"))
        assert not any("\u202e" in s for s in [*said, *cells(at)])
        assert at.main


def test_local_time_is_the_readers():
    at = datetime(2026, 11, 28, 22, 15, tzinfo=UTC)
    assert text.local(at, "Europe/Berlin") == "Sat 28 Nov 2026, 23:15"
    assert text.local(at, None) == text.local(at, "../etc/passwd") + " UTC"
    assert text.local(None, "Europe/Berlin") == text.MISSING


def test_markdown_escapes_what_streamlit_would_interpret():
    assert text.markdown("a_[b](c) :red[x] $y$") == r"a\_\[b\]\(c\) \:red\[x\] \$y\$"
    said = text.markdown("https://x.example www.x.example a@x.example").replace("\u2060", "|")
    assert said == r"https\:|\/\/x\.example www|\.x\.example a|\@x\.example"
    assert text.plain("\u202ex\ny") == "<U+202E>x<U+000A>y"
    assert text.plain("Zoë שלום") == "Zoë שלום"


def test_no_cell_of_a_table_is_a_formula():
    for name in ("=1+1", "+cmd", "-x", "@x"):
        assert text.cell(name) == "'" + name
    for name in ("-5.3", "+14", "12%", "a=b", "\tx", ""):
        assert text.cell(name) == text.plain(name)


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
