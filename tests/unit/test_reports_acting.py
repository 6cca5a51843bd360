"""Who may act, and what every page that acts keeps to."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from reports.actions import candidates, exclusions, review
from reports.actions.role import NotAllowed, require_operator, role_of_all
from tests.unit.identity_world import uuid
from tests.unit.reports_acting_world import key, page, shown
from trainer.errors import ConfigError
from trainer.exclusions.entries import read_entries
from trainer.identity.decisions import read_identity_decisions

APP = Path(__file__).parents[2] / "reports" / "app.py"
ACTING = ("review", "exclusions", "candidates")
EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound here


def test_the_role_is_operator_only_where_nobody_else_can_come():
    assert role_of_all({}, "127.0.0.1") == role_of_all({}, "localhost") == "operator"
    assert role_of_all({}, EVERYWHERE) == role_of_all({}, "") == "viewer"
    assert role_of_all({"TRAINER_REPORTS_ROLE": "operator"}, EVERYWHERE) == "operator"
    assert role_of_all({"TRAINER_REPORTS_ROLE": "viewer"}, "127.0.0.1") == "viewer"
    with pytest.raises(ConfigError, match="set it to viewer or operator"):
        role_of_all({"TRAINER_REPORTS_ROLE": "root"})


def test_a_viewer_can_do_nothing(acting, monkeypatch):
    data, item = acting.data, key(acting, "may_be_one_person")
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "viewer")
    for act in (
        require_operator,
        lambda: review.merge(data, "1", "2", "why"),
        lambda: review.split(data, [f"boxone:{uuid(1)}"], "why"),
        lambda: review.leave(data, item, "why"),
        lambda: review.ask_again(data, item),
        lambda: review.take_back(data, 1),
        lambda: exclusions.exclude(data, [("id", f"boxone:{uuid(1)}")], "why"),
        lambda: exclusions.take_back(data, 1),
        lambda: exclusions.purge_now(data),
        lambda: candidates.approve(data, "week-1"),
        lambda: candidates.reject(data, "week-1", "why"),
    ):
        with pytest.raises(NotAllowed, match="set TRAINER_REPORTS_ROLE=operator"):
            act()
    assert read_entries(data) == []
    assert read_identity_decisions(data) == []


@pytest.mark.parametrize("name", ACTING)
def test_a_viewer_sees_no_acting_page_and_no_button(acting, monkeypatch, name):
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "viewer")
    at = page(name)
    assert not at.button
    assert "operator" in shown(at)


def test_the_app_opens_for_each_role_and_names_a_wrong_one(acting, monkeypatch):
    for value in ("operator", "viewer", "root"):
        monkeypatch.setenv("TRAINER_REPORTS_ROLE", value)
        at = AppTest.from_file(str(APP), default_timeout=60).run()
        assert not at.exception
        assert ("'viewer' or 'operator'" in shown(at)) == (value == "root")


def test_every_decision_needs_a_reason(acting):
    item = key(acting, "may_be_one_person")
    for act in (
        lambda: review.merge(acting.data, "1", "2", "  "),
        lambda: review.split(acting.data, [f"boxone:{uuid(1)}"], ""),
        lambda: review.leave(acting.data, item, "\n"),
        lambda: exclusions.exclude(acting.data, [("id", f"boxone:{uuid(1)}")], " "),
        lambda: candidates.reject(acting.data, "week-1", ""),
    ):
        with pytest.raises(ConfigError, match="reason is empty"):
            act()


@pytest.mark.parametrize("name", ACTING)
def test_an_empty_directory_says_that_there_is_nothing(tmp_path, monkeypatch, name):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert page(name).info
    page("performers")
