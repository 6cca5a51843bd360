"""The Exclusions page, and what a purge says."""

from __future__ import annotations

import re

import pytest

from reports.actions import exclusions
from tests.unit.identity_world import uuid
from tests.unit.reports_acting_world import cells, page, press, shown
from trainer.errors import ConfigError
from trainer.exclusions.entries import read_entries


def test_a_preview_says_who_goes_with_it_and_stores_nothing(acting):
    entries = exclusions.entries_of(acting.data, "id", f"boxone:{uuid(1)}")
    found = exclusions.preview(acting.data, entries)
    assert list(found.people) == [f"boxtwo:{uuid(9)}"]
    assert read_entries(acting.data) == []
    refused: tuple[tuple[exclusions.By, str], ...] = (
        ("id", "nowhere:1"),
        ("url", "x"),
        ("image", "1"),
        ("person", "A"),
        ("id", ""),
    )
    for by, given in refused:
        with pytest.raises(ConfigError):
            exclusions.entries_of(acting.data, by, given)


def test_the_exclusions_page_adds_takes_back_and_asks_before_a_purge(acting):
    at = page("exclusions")
    assert "Nobody is excluded" in shown(at)
    at.text_input(key="given-id").input(f"boxone:{uuid(1)}").run()
    assert f"boxtwo:{uuid(9)}" in cells(at)
    assert read_entries(acting.data) == []
    at.text_input(key="exclude-reason").input("asked by mail")
    press(at, "Exclude")
    (entry,) = read_entries(acting.data)
    assert (entry.kind, entry.reason) == ("id", "asked by mail")
    assert entry.members
    assert acting.data.faces("demo-0123abcd").exists()
    press(at, "Purge...")
    assert any(b.label == "Delete now" for b in at.button)
    press(at, "Take it back")
    assert read_entries(acting.data) == []


def test_a_purge_says_what_it_removed(acting):
    exclusions.exclude(acting.data, [("id", f"boxone:{uuid(1)}")], "asked")
    lines = exclusions.purged_lines(exclusions.purge_now(acting.data))
    assert lines[0].endswith("are removed")
    found = re.search(r"(\d+) rows of runs", lines[0])
    assert found is not None
    assert int(found[1]) > 0
