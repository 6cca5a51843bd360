"""The Review page and what it decides, over an invented DATA_DIR."""

from __future__ import annotations

import sqlite3

from reports import text
from reports.actions import review
from tests.unit.identity_world import uuid
from tests.unit.reports_acting_world import (
    HOSTILE,
    cells,
    key,
    page,
    press,
    shown,
)
from trainer.identity.decisions import read_identity_decisions


def test_a_merge_is_listed_and_can_be_taken_back(acting):
    said = review.merge(acting.data, "1", "2", "same tattoo")
    assert "are one person: same tattoo; the next build applies it" in said
    (decision,) = review.decisions(acting.data)
    assert decision.action == "merge"
    assert uuid(2) in review.sides(decision)
    review.take_back(acting.data, decision.number)
    (decision,) = review.decisions(acting.data)
    assert decision.undone_at


def test_an_item_is_left_and_asked_again(acting):
    item = key(acting, "faces_disagree")
    review.leave(acting.data, item, "looked")
    found = review.items(acting.data)
    assert [r.kind for r in found.open] == ["may_be_one_person"]
    assert [r.reason for r in found.left] == ["looked"]
    review.ask_again(acting.data, item)
    assert len(review.items(acting.data).open) == 2


def test_the_review_page_shows_both_side_by_side_and_merges(acting):
    at = page("review")
    at.selectbox[0].set_value(key(acting, "may_be_one_person")).run()
    assert text.plain(HOSTILE) in cells(at)
    assert f"boxtwo:{uuid(9)}" in cells(at)  # the other record, and why it is this person
    item = key(acting, "may_be_one_person")
    at.text_input(key=f"merge-{item}-reason").input("same tattoo")
    press(at, "Merge")
    assert "same tattoo" in shown(at)
    (decision,) = read_identity_decisions(acting.data)
    assert (decision.action, decision.reason) == ("merge", "same tattoo")
    press(at, "Take it back")
    assert read_identity_decisions(acting.data) == []


def test_the_review_page_splits_and_leaves(acting):
    at = page("review")
    item = key(acting, "may_be_one_person")
    at.selectbox[0].set_value(item).run()
    at.multiselect(key=f"out-{item}").select(f"boxtwo:{uuid(9)}")
    at.text_input(key=f"split-{item}-reason").input("another person")
    press(at, "Split")
    assert read_identity_decisions(acting.data)[0].action == "split"
    at.text_input(key=f"leave-{item}-reason").input("as it is")
    press(at, "Leave it")
    assert len(review.items(acting.data).open) == 1
    press(at, "Ask again")
    assert len(review.items(acting.data).open) == 2


def test_without_a_reason_the_page_says_so_and_stores_nothing(acting):
    at = page("review")
    at.selectbox[0].set_value(key(acting, "may_be_one_person")).run()
    press(at, "Merge")
    assert "reason is empty" in shown(at)
    assert read_identity_decisions(acting.data) == []


def test_a_data_directory_that_cannot_be_written_is_a_sentence(acting, monkeypatch):
    def fails(*_):
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr(review, "decide_merge", fails)
    at = page("review")
    item = key(acting, "may_be_one_person")
    at.selectbox[0].set_value(item).run()
    at.text_input(key=f"merge-{item}-reason").input("why")
    press(at, "Merge")
    assert "readonly database; check that DATA_DIR can be written" in shown(at)
