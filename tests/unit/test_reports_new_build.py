"""The page New build: the form, what a build would cost, start and stop."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from reports.actions import airflow as actions
from reports.queries import images_to_embed
from reports.queries.source_choice import GROUPS, Choice, choices
from tests.unit.fake_airflow import SECRET, configure
from tests.unit.identity_world import PACK, SOURCES, IdentityWorld, record, shot
from tests.unit.reports_acting_world import press
from tests.unit.reports_visit import spoken
from tests.waiting import wait_for
from trainer.config.sources import shipped_sources


@pytest.fixture(autouse=True)
def operator(monkeypatch):
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")
    configure(monkeypatch, None)


def test_costs_come_from_the_last_good_crawl(tmp_path, monkeypatch):
    world = IdentityWorld(tmp_path)
    row = type("Row", (), {"live_performers": 101})
    known = {"boxone": row, "surely": row}
    monkeypatch.setattr("reports.actions.airflow.read_snapshots", lambda _path: known)
    found = {c.source: c for c in actions.costs(world.data, SOURCES, [], images=True)}
    assert found["boxone"].requests == 5 + 101
    assert found["boxone"].minutes == pytest.approx(106 / 60)
    assert found["surely"].requests == 202  # a page and an image each
    assert found["maybe"].requests is None
    (only,) = actions.costs(world.data, SOURCES, ["surely"], images=False)
    assert only.requests == 101


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    source = "from reports.app_pages import new_build\nnew_build.show()"
    return AppTest.from_string(source, default_timeout=60)


def test_without_airflow_the_page_says_how_and_gives_the_command(page):
    page.run()
    assert not page.exception, page.exception[0].value
    assert "No Airflow is configured" in page.info[0].value
    assert page.code[0].value == "trainer build"
    page.checkbox(key="full_refresh").check()
    page.number_input(key="min_faces").set_value(3).run()
    assert page.code[0].value == (
        """trainer build --conf '{"full_refresh": true, "min_faces": 3}'"""
    )


def choose_source(page, key):
    """Choose it, and wait until the page shows its cost alone: a click sends what is shown."""
    press(page, "None")
    page.checkbox(key=f"source-{key}").check().run()
    wait_for(lambda: page.run().dataframe[0].value["Source"].tolist() == [key])
    assert page.checkbox(key=f"source-{key}").value


def test_the_page_starts_and_stops_a_build(page, fake_airflow, monkeypatch):
    configure(monkeypatch, fake_airflow)
    page.run()
    choose_source(page, "stashdb")
    next(b for b in page.button if b.label == "Start build").click().run()
    assert not page.exception, page.exception[0].value
    assert "is started" in page.success[0].value
    started = next(
        body for method, _, body in fake_airflow.asked if method == "POST" and "conf" in body
    )
    assert started["conf"]["sources"] == ["stashdb"]
    next(b for b in page.button if b.label == "Stop").click().run()
    assert "is stopped" in page.success[0].value
    everything = str([e.value for e in [*page.markdown, *page.success, *page.caption]])
    assert SECRET not in everything


def test_a_viewer_sees_no_form(page, monkeypatch):
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "viewer")
    page.run()
    assert not page.button
    assert not page.checkbox


def test_sources_are_checkboxes_by_kind_with_what_is_missing(page, monkeypatch):
    """Five databases are on as shipped and have no key here; that builds elsewhere lack it, too,
    nobody knows."""
    page.run()
    captions = [c.value for c in page.caption]
    assert [c for c in captions if c in GROUPS.values()] == list(GROUPS.values())
    stashdb = page.checkbox(key="source-stashdb")
    assert stashdb.label == r"stashdb\: no API key"
    assert stashdb.value and not stashdb.disabled
    assert "STASHDB" in stashdb.help
    iafd = page.checkbox(key="source-iafd-off")
    assert iafd.label == r"iafd\: switched off"
    assert iafd.disabled and not iafd.value
    monkeypatch.setenv("TRAINER_GIVEN_KEYS", "FANSDB_API_KEY")  # now the page knows all keys
    page.run()
    assert page.checkbox(key="source-fansdb").label == "fansdb"
    assert page.checkbox(key="source-stashdb-off").disabled


def test_without_any_source_no_build_can_be_started(page):
    page.run()
    press(page, "None")
    assert "tick at least one" in page.warning[0].value
    assert not page.code and not page.dataframe
    page.checkbox(key="source-fansdb").check().run()
    assert page.code[0].value == """trainer build --conf '{"sources": ["fansdb"]}'"""
    press(page, "All")
    assert page.code[0].value == "trainer build"


def test_an_answer_of_a_build_shows_that_the_key_is_there():
    source = shipped_sources()["stashdb"]
    unknown, known = (choices({"stashdb": source}, {}, had) for had in ([], ["stashdb"]))
    assert unknown[0].reason.startswith("no API key")
    assert known[0] == Choice("stashdb", "Stash-boxes", True, "")


def test_the_costs_say_how_many_pictures_are_to_be_embedded(page, tmp_path, monkeypatch):
    rows = [record("stashdb", 1, "Ada Invented", shots=[shot(1, n) for n in range(9)])]
    world = IdentityWorld(tmp_path, {"stashdb": shipped_sources()["stashdb"]})
    context = world.run("week-1", rows, without={shot(1, n) for n in range(2, 9)})
    world.publish(context)
    world.note_snapshots("week-1", 1)
    monkeypatch.setattr(images_to_embed, "_cache_of", lambda data, _pack: data.faces(PACK))
    monkeypatch.setattr("reports.build_costs.images_per_second", lambda _data, _runs: 0.5)
    monkeypatch.setattr("reports.build_costs.PATIENCE", 60)
    page.run()
    press(page, "None")
    page.checkbox(key="source-stashdb").check().run()
    assert page.dataframe[0].value["Pictures to embed"].tolist() == ["3"]  # 5 faces, 2 are there
    assert any(
        "about 3 pictures to embed, 6.0 s" in said.replace("\\", "") for said in spoken(page)
    )
    page.number_input(key="max_faces_per_source").set_value(4).run()
    assert page.dataframe[0].value["Pictures to embed"].tolist() == ["2"]
    page.checkbox(key="enable_faces").uncheck().run()
    assert "Pictures to embed" not in page.dataframe[0].value
