"""Names and facts as evidence: enough together, never against a contradiction. All invented."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.identity.claims import ClaimFacts
from trainer.identity.decisions import Decision
from trainer.identity.links import SiteLink
from trainer.identity.matching import find_joins
from trainer.identity.resolve import resolve
from trainer.state.store import KnownIdentities

A, A2 = ("stashdb", "a"), ("stashdb", "a2")
F, T = ("fansdb", "f"), ("theporndb", "t")
NAME: dict[str, Any] = {"name": "Mira Vask"}
BORN: dict[str, Any] = {"birth_date": "1986-03-14"}


def joined(*facts: ClaimFacts, faces=None):
    joins, conflicts = find_joins(facts, KnownIdentities(), (), faces)
    return [join.claims for join in joins], [conflict.kind for conflict in conflicts]


def test_the_same_name_and_birth_date_join_with_words_and_weight():
    facts = [ClaimFacts(A, **NAME, **BORN), ClaimFacts(F, name="Vask, Míra", **BORN)]
    (join,) = find_joins(facts, KnownIdentities())[0]
    assert join.evidence == (
        "same_name (1.00): fansdb:f and stashdb:a are both called 'Vask, Míra' and were born "
        "1986-03-14"
    )


@pytest.mark.parametrize(
    "other",
    [
        {"height_cm": 181},
        {"country": "FR"},
        {"eye_color": "BROWN"},
        {"birth_date": "1986"},
        {"birth_date": "1987-03-14"},
        {"birth_date": None},
        {"name": "Mira Vaskova"},
    ],
)
def test_whatever_differs_is_too_much_for_a_name_and_a_birth_date(other):
    plain: dict[str, Any] = {**NAME, **BORN, "height_cm": 165, "country": "CZ", "eye_color": "BLUE"}
    ours = plain if other.keys() <= {"name", "birth_date"} else plain | {}
    theirs = {**NAME, **BORN} | other
    assert joined(ClaimFacts(A, **ours), ClaimFacts(F, **theirs))[0] == []


def test_a_year_needs_more_that_agrees():
    some: dict[str, Any] = {**NAME, "birth_date": "1986", "country": "CZ"}
    assert joined(ClaimFacts(A, **some), ClaimFacts(F, **some)) == ([], [])
    more = some | {"height_cm": 170, "eye_color": "BLUE", "career_start_year": 2006}
    more |= {"aliases": ("Lena Brook",)}
    assert joined(ClaimFacts(A, **more), ClaimFacts(F, **more))[0] == [(F, A)]


def test_a_first_of_january_counts_as_a_year():
    some: dict[str, Any] = {**NAME, "birth_date": "1986-01-01"}
    assert joined(ClaimFacts(A, **some), ClaimFacts(F, **some)) == ([], [])


def test_one_word_needs_more_than_a_birth_date():
    some: dict[str, Any] = {"name": "Mira", **BORN}
    assert joined(ClaimFacts(A, **some), ClaimFacts(F, **some)) == ([], [])


def test_a_changed_name_is_found_by_the_alias():
    one = ClaimFacts(A, name="Mira Vask", country="CZ", **BORN)
    other = ClaimFacts(F, name="Lena Brook", aliases=("Mira Vask",), country="CZ", **BORN)
    assert joined(one, other)[0] == [(F, A)]


def test_an_alias_of_two_people_is_no_evidence():
    one = ClaimFacts(A, name="Mira Vask", aliases=("Vask Twins",), country="CZ", **BORN)
    other = ClaimFacts(F, name="Lena Vask", aliases=("Vask Twins",), country="CZ", **BORN)
    assert joined(one, other) == ([], [])


def test_two_candidates_are_shown_and_not_joined():
    facts = [ClaimFacts(c, **NAME, **BORN) for c in (A, A2, F)]
    assert joined(*facts) == ([], ["same_facts_ambiguous"] * 2)


def test_faces_support_and_contradict():
    some: dict[str, Any] = {**NAME, "birth_date": "1986-03", "country": "CZ"}
    facts = [ClaimFacts(A, **some), ClaimFacts(F, **some)]
    assert joined(*facts)[0] == []
    assert joined(*facts, faces=lambda _claims: lambda _a, _b: 1.0)[0] == [(F, A)]
    sure = [ClaimFacts(A, **NAME, **BORN), ClaimFacts(F, **NAME, **BORN)]
    assert joined(*sure, faces=lambda _claims: lambda _a, _b: -1.0) == (
        [],
        ["same_facts_contradicted"],
    )


def test_two_birth_dates_never_join_and_a_first_of_january_is_none():
    link = SiteLink("imdb", "nm9990001", "https://imdb.example/nm9990001", strong=True)
    one = ClaimFacts(A, **NAME, birth_date="1986-03-14", links=(link,))
    other = ClaimFacts(F, **NAME, birth_date="1986-03-15", links=(link,))
    assert joined(one, other) == ([], ["shared_link_contradicted"])
    vague = ClaimFacts(F, **NAME, birth_date="1986-01-01", links=(link,))
    assert joined(one, vague)[0] == [(F, A)]


def test_siblings_are_not_joined_by_alias_birth_date_and_account():
    account = SiteLink("onlyfans", "twins", "https://onlyfans.example/twins", strong=True)
    one = ClaimFacts(A, name="Mira Vask", links=(account,), **BORN)
    other = ClaimFacts(F, name="Lena Vask", aliases=("Mira Vask",), links=(account,), **BORN)
    assert joined(one, other) == ([], ["shared_link_contradicted"])


def test_an_account_of_two_people_joins_only_those_who_share_a_name():
    couple = SiteLink("onlyfans", "pair", "https://onlyfans.example/pair", strong=True)
    facts = [
        ClaimFacts(A, name="Mira Vask", links=(couple,)),
        ClaimFacts(T, name="Mira Vask", links=(couple,)),
        ClaimFacts(F, name="Olav Brand", links=(couple,)),
    ]
    assert joined(*facts) == ([(A, T)], ["shared_link_contradicted"])


NAMES = ["Mira Vask", "Lena Brook", "Mira", "Tilda Moss"]
DATES = [None, "1986-03-14", "1986-03-15", "1986-03", "1986", "1971-07-02"]


@given(st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_order_changes_nothing_weeks_are_stable_and_splits_hold(seed):
    dice = random.Random(seed)
    facts = [
        ClaimFacts(
            (source, f"{n}"),
            name=dice.choice(NAMES),
            aliases=tuple(dice.sample(NAMES, dice.randrange(3))),
            birth_date=dice.choice(DATES),
            country=dice.choice([None, "CZ", "FR"]),
            live=dice.random() < 0.9,
        )
        for source in ("stashdb", "fansdb", "theporndb")
        for n in range(4)
    ]
    joins, conflicts = find_joins(facts, KnownIdentities())
    first = resolve(facts, KnownIdentities(), joins)
    dice.shuffle(facts)
    assert find_joins(facts, KnownIdentities()) == (joins, conflicts)
    assert resolve(facts, KnownIdentities(), joins) == first
    known = KnownIdentities(first.performer_of, {}, highest_id=len(first.new_ids))
    assert resolve(facts, known, find_joins(facts, known)[0]).performer_of == first.performer_of
    one, other = dice.sample([fact.claim for fact in facts], 2)
    apart = [Decision(1, "split", (frozenset({one}), frozenset({other})))]
    after = resolve(facts, known, find_joins(facts, known, apart)[0], apart)
    assert after.performer_of[one] != after.performer_of[other]
    dice.shuffle(facts)
    again = resolve(facts, known, find_joins(facts, known, apart)[0], apart)
    assert again.performer_of == after.performer_of
    known = KnownIdentities(after.performer_of, {}, highest_id=known.highest_id + 1)
    later = resolve(facts, known, find_joins(facts, known, apart)[0], apart)
    assert later.performer_of == after.performer_of
