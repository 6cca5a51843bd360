"""Every page over an invented DATA_DIR: normal, empty, damaged, hostile."""

import pytest

from reports import data as reading
from reports import text
from reports.app_pages import versions
from tests.unit import reports_world as world
from tests.unit.reports_visit import (
    PAGES,
    QUALITY_TABS,
    RUN_TABS,
    cells,
    metrics,
    page,
    spoken,
)
from trainer.runs.record import RunRecord, read_record, write_record
from trainer.staging.paths import DataDir


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr(versions, "PATIENCE", 60.0)
    return world.normal(tmp_path)


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
