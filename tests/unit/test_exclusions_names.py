# ruff: noqa: RUF001
"""An excluded person stays out in every spelling of the name, and so do those that were excluded
while names were folded otherwise. Everybody is invented."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.unit.test_names import ONE_NAME, TWO_NAMES
from trainer.exclusions.edit import add, person_value, remember
from trainer.exclusions.entries import Exclusion, Exclusions, read_exclusions
from trainer.exclusions.link_keys import LinkKeys, link_keys
from trainer.staging.paths import DataDir

# state.db as the trainer wrote it before, as SQL: one person excluded for each of NAMES, in their
# order, born on that day of January 1990, and the keys of one strong link of each.
BEFORE = Path(__file__).with_name("exclusions_before_folding.sql")
NAMES = (
    "Małgorzata Zorn", "Søren Ålvik", "Алёна Зорина", "Ελένη Ζόρα", "がな みの", "मीरा ज़ोरा",
    "ฟ้าใส โซระ", "מִרְיָם זוֹר", "مُنَى زُورَة", "김솔아 조라", "Nguyễn Thị Zòra", "Işıl Zörun",
    "Mira Zorn", "田中 空良",
)  # fmt: skip
PLAINER = {  # how some of them come back
    1: "Malgorzata Zorn",
    2: "SOREN ALVIK",
    3: "Алена Зорина",
    8: "מרים זור",
    11: "NGUYEN thi zora",
    12: "Isil Zorun",
}
WHEN = "2026-11-02T00:00:00Z"
BORN = "1990-01-31"


def record(name: str, born: str | None = BORN, urls=(), **more):
    row = {"source": "fansdb", "source_id": "f1", "name": name, "aliases": [], "urls": list(urls)}
    return row | {"birth_date": born} | more


def link(number: int) -> str:
    return f"https://www.imdb.com/name/nm99900{number:02d}"


@pytest.fixture
def before(tmp_path):
    with sqlite3.connect(tmp_path / "state.db") as db:
        db.executescript(BEFORE.read_text(encoding="utf-8"))
    return DataDir(tmp_path)


@pytest.mark.parametrize(("script", "one", "other"), ONE_NAME)
def test_another_spelling_of_an_excluded_name_is_excluded(script, one, other):
    for excluded, listed in ((one, other), (other, one), (one, one)):
        found = Exclusions.of([Exclusion("person", person_value(excluded, BORN), 7)])
        assert found.record(record(listed)) == "person", script
        assert found.entry_of(record("Nobody", aliases=[listed])) == 7
        assert found.record(record(listed, "1990-01-30")) is None


@pytest.mark.parametrize(("script", "one", "other"), TWO_NAMES)
def test_another_name_of_the_script_is_not_excluded(script, one, other):
    for excluded, listed in ((one, other), (other, one)):
        found = Exclusions.of([Exclusion("person", person_value(excluded, BORN))])
        assert found.record(record(listed)) is None, script


@pytest.mark.parametrize(
    ("one", "other"),
    [("Jörg Zorn", "Joerg Zorn"), ("Юлия Зорина", "Yulia Zorina"), ("Zorn Jörg", "Jorg Zorn")],
)
def test_what_identity_holds_to_be_one_name_is_excluded(one, other):
    for excluded, listed in ((one, other), (other, one)):
        found = Exclusions.of([Exclusion("person", person_value(excluded, BORN))])
        assert found.record(record(listed)) == "person"


@pytest.mark.parametrize(("number", "name"), [*enumerate(NAMES, 1)])
def test_a_list_of_before_goes_on_to_hold(before, number, name):
    exclusions = read_exclusions(before)
    born = f"1990-01-{number:02d}"
    assert exclusions.record(record(name, born)) == "person"
    assert exclusions.entry_of(record(name, born)) == number
    assert exclusions.record(record(name, None, [link(number)])) == "link"
    assert exclusions.record(record(name, None, [link(50)])) is None
    if number in PLAINER:
        assert exclusions.record(record(PLAINER[number], born)) == "person"


def test_excluding_a_person_of_before_again_keeps_both(before):
    for number, name in enumerate(NAMES, 1):
        add(before, "person", person_value(name, f"1990-01-{number:02d}"), "asked again", WHEN)
    exclusions = read_exclusions(before)
    for number, name in enumerate(NAMES, 1):
        assert exclusions.record(record(name, f"1990-01-{number:02d}")) == "person"


def test_an_ascii_name_is_stored_as_before(before):
    entry, new = add(before, "person", person_value("Zorn, MIRA", "1990-01-13"), "again", WHEN)
    assert (entry.number, new) == (13, False)


@pytest.mark.parametrize(("script", "one", "other"), ONE_NAME)
def test_a_kept_link_finds_every_spelling(script, one, other):
    for kept, listed in ((one, other), (other, one)):
        keys = LinkKeys()
        for key in link_keys(record(kept, urls=[link(1)])):
            keys.add(key)
        assert keys.match(record(listed, urls=[link(1)])), script
        assert not keys.match(record(listed, urls=[link(2)]))


@pytest.mark.parametrize(("script", "one", "other"), TWO_NAMES)
def test_a_kept_link_finds_no_other_name_of_the_script(script, one, other):
    keys = LinkKeys()
    for key in link_keys(record(one, urls=[link(1)])):
        keys.add(key)
    assert not keys.match(record(other, urls=[link(1)])), script


def test_the_entry_says_the_name_as_it_was_given(tmp_path):
    data = DataDir(tmp_path)
    entry, _ = add(data, "person", person_value(" Małgorzata  ŻÓŁW", BORN), "asked", WHEN)
    assert entry.value == f"małgorzata żółw|{BORN}|2"
    remember(data, {entry.number: [("link", k) for k in link_keys(record("Ż", urls=[link(1)]))]})
    assert read_exclusions(data).record(record("Malgorzata Zolw")) == "person"
