"""Who may act, and what every page that acts keeps to."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from reports.actions import candidates, exclusions, review
from reports.actions.role import NotAllowed, require_operator, role
from tests.unit.identity_world import uuid
from tests.unit.reports_acting_world import acting_world, key, page, shown
from trainer.errors import ConfigError
from trainer.exclusions.entries import read_entries
from trainer.identity.decisions import read_identity_decisions

APP = Path(__file__).parents[2] / "reports" / "app.py"
ACTING = ("review", "exclusions", "candidates")
EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound here


@pytest.fixture(autouse=True)
def operator(monkeypatch):
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")


@pytest.fixture
def world(tmp_path, monkeypatch):
    return acting_world(tmp_path, monkeypatch)


def test_the_role_is_operator_only_where_nobody_else_can_come():
    assert role({}, "127.0.0.1") == role({}, "localhost") == "operator"
    assert role({}, EVERYWHERE) == role({}, "") == "viewer"
    assert role({"TRAINER_REPORTS_ROLE": "operator"}, EVERYWHERE) == "operator"
    assert role({"TRAINER_REPORTS_ROLE": "viewer"}, "127.0.0.1") == "viewer"
    with pytest.raises(ConfigError, match="set it to viewer or operator"):
        role({"TRAINER_REPORTS_ROLE": "root"})


def test_a_viewer_can_do_nothing(world, monkeypatch):
    data, item = world.data, key(world, "may_be_one_person")
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
def test_a_viewer_sees_no_acting_page_and_no_button(world, monkeypatch, name):
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "viewer")
    at = page(name)
    assert not at.button
    assert "operator" in shown(at)


def test_the_app_opens_for_each_role_and_names_a_wrong_one(world, monkeypatch):
    for value in ("operator", "viewer", "root"):
        monkeypatch.setenv("TRAINER_REPORTS_ROLE", value)
        at = AppTest.from_file(str(APP), default_timeout=60).run()
        assert not at.exception
        assert ("set it to viewer or operator" in shown(at)) == (value == "root")


def test_every_decision_needs_a_reason(world):
    item = key(world, "may_be_one_person")
    for act in (
        lambda: review.merge(world.data, "1", "2", "  "),
        lambda: review.split(world.data, [f"boxone:{uuid(1)}"], ""),
        lambda: review.leave(world.data, item, "\n"),
        lambda: exclusions.exclude(world.data, [("id", f"boxone:{uuid(1)}")], " "),
        lambda: candidates.reject(world.data, "week-1", ""),
    ):
        with pytest.raises(ConfigError, match="reason is empty"):
            act()


<<<<<<< HEAD
=======
def test_a_merge_is_listed_and_can_be_taken_back(world):
    said = review.merge(world.data, "1", "2", "same tattoo")
    assert "are one person: same tattoo; the next build applies it" in said
    (decision,) = review.decisions(world.data)
    assert decision.action == "merge"
    assert uuid(2) in review.sides(decision)
    review.take_back(world.data, decision.number)
    (decision,) = review.decisions(world.data)
    assert decision.undone_at


def test_an_item_is_left_and_asked_again(world):
    item = key(world, "faces_disagree")
    review.leave(world.data, item, "looked")
    found = review.items(world.data)
    assert [r.kind for r in found.open] == ["may_be_one_person"]
    assert [r.reason for r in found.left] == ["looked"]
    review.ask_again(world.data, item)
    assert len(review.items(world.data).open) == 2


def test_the_review_page_shows_both_side_by_side_and_merges(world):
    at = page("review")
    at.selectbox[0].set_value(key(world, "may_be_one_person")).run()
    assert text.plain(HOSTILE) in cells(at)
    assert f"boxtwo:{uuid(9)}" in cells(at)  # the other record, and why it is this person
    item = key(world, "may_be_one_person")
    at.text_input(key=f"merge-{item}-reason").input("same tattoo")
    press(at, "Merge")
    assert "same tattoo" in shown(at)
    (decision,) = read_identity_decisions(world.data)
    assert (decision.action, decision.reason) == ("merge", "same tattoo")
    press(at, "Take it back")
    assert read_identity_decisions(world.data) == []


def test_the_review_page_splits_and_leaves(world):
    at = page("review")
    item = key(world, "may_be_one_person")
    at.selectbox[0].set_value(item).run()
    at.multiselect(key=f"out-{item}").select(f"boxtwo:{uuid(9)}")
    at.text_input(key=f"split-{item}-reason").input("another person")
    press(at, "Split")
    assert read_identity_decisions(world.data)[0].action == "split"
    at.text_input(key=f"leave-{item}-reason").input("as it is")
    press(at, "Leave it")
    assert len(review.items(world.data).open) == 1
    press(at, "Ask again")
    assert len(review.items(world.data).open) == 2


def test_without_a_reason_the_page_says_so_and_stores_nothing(world):
    at = page("review")
    at.selectbox[0].set_value(key(world, "may_be_one_person")).run()
    press(at, "Merge")
    assert "reason is empty" in shown(at)
    assert read_identity_decisions(world.data) == []


# Exclusions


def test_a_preview_says_who_goes_with_it_and_stores_nothing(world):
    entries = exclusions.entries_of(world.data, "id", f"boxone:{uuid(1)}")
    found = exclusions.preview(world.data, entries)
    assert list(found.people) == [f"boxtwo:{uuid(9)}"]
    assert read_entries(world.data) == []
    refused: tuple[tuple[exclusions.By, str], ...] = (
        ("id", "nowhere:1"),
        ("url", "x"),
        ("image", "1"),
        ("person", "A"),
        ("id", ""),
    )
    for by, given in refused:
        with pytest.raises(ConfigError):
            exclusions.entries_of(world.data, by, given)


def test_the_exclusions_page_adds_takes_back_and_asks_before_a_purge(world):
    at = page("exclusions")
    assert "Nobody is excluded" in shown(at)
    at.text_input(key="given-id").input(f"boxone:{uuid(1)}").run()
    assert f"boxtwo:{uuid(9)}" in cells(at)
    assert read_entries(world.data) == []
    at.text_input(key="exclude-reason").input("asked by mail")
    press(at, "Exclude")
    (entry,) = read_entries(world.data)
    assert (entry.kind, entry.reason) == ("id", "asked by mail")
    assert entry.members
    assert world.data.faces("demo-0123abcd").exists()
    press(at, "Purge...")
    assert any(b.label == "Delete now" for b in at.button)
    press(at, "Take it back")
    assert read_entries(world.data) == []


def test_a_purge_says_what_it_removed(world):
    exclusions.exclude(world.data, [("id", f"boxone:{uuid(1)}")], "asked")
    lines = exclusions.purged_lines(exclusions.purge_now(world.data))
    assert lines[0].endswith("are removed")
    assert ", 0 rows of runs" not in lines[0]


# Candidates


@pytest.fixture
def held(world):
    """A run whose gate fell short."""
    run = world.data.run("week-1")
    entry = {"id": "week-1", "started_at": WHEN, "status": "needs_approval"}
    write_record(run, RunRecord.model_validate(entry))
    check = {"name": "rank-1", "ok": False, "expected": "0.9", "actual": "0.5"}
    write_json(run.step("gate"), {"passed": False, "checks": [check]})
    return world


def test_the_candidates_page_shows_why_and_rejects(held):
    at = page("candidates")
    assert "rank-1" in shown(at)
    press(at, "Reject")
    assert "reason is empty" in shown(at)
    at.text_input(key="reject-week-1-reason").input("--looks <b>wrong</b>")
    press(at, "Reject")
    deadline = time.monotonic() + 60
    record = held.data.run("week-1").record
    while '"rejected"' not in record.read_text() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert '"rejected_because": "--looks <b>wrong</b>"' in record.read_text()


def test_an_approval_that_fails_says_why(held):
    process = candidates.approve(held.data, "week-1")
    done, line = candidates.result(held.data, "week-1", process.wait(60))
    assert not done
    assert line.startswith("trainer: ")
    assert candidates.candidates(Settings.load())  # it still waits


>>>>>>> main
@pytest.mark.parametrize("name", ACTING)
def test_an_empty_directory_says_that_there_is_nothing(tmp_path, monkeypatch, name):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert page(name).info
    page("performers")
