"""The labelled cases: made as they say, complete, and free of labels that contradict themselves."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from tests.identity_cases import CASES, Case, Record, Week, load_cases
from tests.identity_cases.make_cases import content

LOADED = load_cases()


def weeks() -> Iterator[tuple[Case, Week]]:
    for case in LOADED:
        for week in (case, *case.weeks):
            yield case, week


def full_date(record: Record) -> str | None:
    """The birth date where it is one: neither a part of a date nor a 1 January or 1st."""
    date = record.birth_date or ""
    return date if len(date) == 10 and not date.endswith("-01") else None


def test_file_is_what_the_program_writes():
    assert CASES.read_bytes() == content(), "run python -m tests.identity_cases.make_cases"


def test_enough_of_everything():
    assert len(LOADED) >= 600
    assert len({case.id for case in LOADED}) == len(LOADED)
    few = {c: n for c, n in Counter(case.category for case in LOADED).items() if n < 15}
    assert not few


def test_people_are_a_partition():
    for case, week in weeks():
        places = sorted(index for person in week.people for index in person)
        assert places == list(range(len(week.records))), case.id
        claims = {(record.source, record.source_id) for record in week.records}
        assert len(claims) == len(week.records), case.id


def test_silent_pairs_are_within_people():
    for case, week in weeks():
        same = {pair for person in week.people for pair in combinations(sorted(person), 2)}
        assert set(week.silent) <= same, case.id


def test_silent_pairs_do_not_contradict_the_rules_of_labelling():
    for case, week in weeks():
        for pair in week.silent:
            one, two = (week.records[index] for index in pair)
            dates = {full_date(one), full_date(two)} - {None}
            assert len(dates) < 2, case.id
            if one.source == two.source:
                assert one.deleted or two.deleted, case.id


def test_everybody_is_an_adult_at_the_start_of_the_career():
    for case, week in weeks():
        for record in week.records:
            if record.birth_date and record.career_start_year:
                assert record.career_start_year - int(record.birth_date[:4]) >= 18, case.id
                assert 1959 < int(record.birth_date[:4]) < 2003, case.id


def test_row_has_the_fields_of_the_file():
    row = LOADED[0].records[0].row()
    assert list(row) == [field.name for field in dataclasses.fields(Record)]
    assert isinstance(row["urls"], list)
    assert isinstance(row["aliases"], list)
