"""The page New build: the form, what a build would cost, start and stop."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from reports.actions import airflow as actions
from tests.unit.fake_airflow import SECRET, configure, serving_airflow
from tests.unit.identity_world import SOURCES, IdentityWorld
from tests.waiting import wait_for


@pytest.fixture
def fake():
    with serving_airflow() as server:
        yield server


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
    page.multiselect(key="sources").set_value([key]).run()
    wait_for(lambda: page.run().dataframe[0].value["Source"].tolist() == [key], 20)
    assert page.multiselect(key="sources").value == [key]


def test_the_page_starts_and_stops_a_build(page, fake, monkeypatch):
    configure(monkeypatch, fake)
    page.run()
    choose_source(page, "stashdb")
    next(b for b in page.button if b.label == "Start build").click().run()
    assert not page.exception, page.exception[0].value
    assert "is started" in page.success[0].value
    started = next(body for method, _, body in fake.asked if method == "POST" and "conf" in body)
    assert started["conf"]["sources"] == ["stashdb"]
    next(b for b in page.button if b.label == "Stop").click().run()
    assert "is stopped" in page.success[0].value
    everything = str([e.value for e in [*page.markdown, *page.success, *page.caption]])
    assert SECRET not in everything


def test_a_viewer_sees_no_form(page, monkeypatch):
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "viewer")
    page.run()
    assert not page.button
    assert not page.multiselect
