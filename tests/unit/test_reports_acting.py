"""The pages that act, and the actions behind them, over invented DATA_DIRs."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from reports import text
from reports.actions import candidates, exclusions, review
from reports.actions.role import NotAllowed, require_operator, role
from tests.unit import reports_world
from tests.unit.identity_world import WHEN, IdentityWorld, record, shot, uuid
from trainer.config.settings import Settings
from trainer.errors import ConfigError
from trainer.exclusions.entries import read_entries
from trainer.identity.decisions import read_identity_decisions
from trainer.identity.reviews import Review, write_reviews
from trainer.runs.record import RunRecord, write_record
from trainer.staging.atomic import write_json

APP = Path(__file__).parents[2] / "reports" / "app.py"
ACTING = ("review", "exclusions", "candidates")
HOSTILE = reports_world.HOSTILE
NAMES = [HOSTILE, "x" * 300, "<script>alert(1)</script>", "\u0645\u0631\u064a\u0645"]


@pytest.fixture(autouse=True)
def operator(monkeypatch):
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")


@pytest.fixture
def world(tmp_path, monkeypatch):
    """Performers 1 to 4 with hostile names, and one question about the first two."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    found = IdentityWorld(tmp_path)
    rows = [
        record("boxone", n, name, shots=(shot(n, 1),), aliases=[f"alias {n}"])
        for n, name in enumerate(NAMES, 1)
    ]
    rows.append(
        record("boxtwo", 9, HOSTILE, links=(f"https://boxone.example/performers/{uuid(1)}",))
    )
    context = found.run("week-1", rows)
    found.publish(context)
    record_ = {"id": "week-1", "started_at": WHEN, "status": "completed"}
    write_record(context.run, RunRecord.model_validate(record_))
    with sqlite3.connect(found.data.state_db) as db:
        db.execute(
            "INSERT INTO snapshots (source, run_id, live_performers) VALUES ('boxone', 'week-1', 4)"
        )
    for name in ("trainer.config.sources", "reports.actions.review", "reports.actions.exclusions"):
        monkeypatch.setattr(f"{name}.load_sources", lambda _root: found._sources)
    url = "https://boxone.example/performers/1"
    items = [
        Review(kind=kind, source="boxone", url=url, performers=performers, text=HOSTILE)
        for kind, performers in (("may_be_one_person", (1, 2)), ("faces_disagree", (3,)))
    ]
    write_reviews(context.run.select, items)
    return found


def page(name):
    source = f"from reports.app_pages import {name}\n{name}.show()"
    at = AppTest.from_string(source, default_timeout=60).run()
    assert not at.exception, at.exception[0].value
    return at


def press(at, label):
    next(b for b in at.button if b.label == label).click()
    at.run()
    assert not at.exception, at.exception[0].value
    return at


def shown(at):
    parts = [*at.markdown, *at.success, *at.error, *at.info, *at.warning, *at.caption]
    return "\n".join(part.value.replace("\\", "") for part in parts)


def cells(at):
    return [str(v) for frame in at.dataframe for row in frame.value.values.tolist() for v in row]


def key(world, kind):
    return next(r.key for r in review.items(world.data).open if r.kind == kind)


# Who may act


EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound here


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


# Review


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


@pytest.mark.parametrize("name", ACTING)
def test_an_empty_directory_says_that_there_is_nothing(tmp_path, monkeypatch, name):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    assert page(name).info
    page("performers")


# Performers


def test_a_performer_is_found_and_shown(world, monkeypatch):
    monkeypatch.setattr("reports.app_pages.performers.load_sources", lambda _root: world._sources)
    at = AppTest.from_string(
        "from reports.app_pages import performers\nperformers.show()", default_timeout=60
    )
    at.query_params["who"] = f"boxone:{uuid(1)}"
    at.run()
    assert not at.exception, at.exception[0].value
    assert text.plain(HOSTILE) in cells(at)
    for who in ("nobody at all", "[x](javascript:alert(1))", "%", "'; DROP TABLE x"):
        at.text_input[0].input(who).run()
        assert not at.exception
        assert "nobody is known as" in shown(at)


def test_a_data_directory_that_cannot_be_written_is_a_sentence(world, monkeypatch):
    def fails(*_):
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(review, "decide_merge", fails)
    at = page("review")
    item = key(world, "may_be_one_person")
    at.selectbox[0].set_value(item).run()
    at.text_input(key=f"merge-{item}-reason").input("why")
    press(at, "Merge")
    assert "readonly database; check that DATA_DIR can be written" in shown(at)
