"""Two records of one source that both live are two people, whatever merges the source tells of.

Everybody is invented.
"""

from __future__ import annotations

import random
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.identity_world import IdentityWorld, shot, uuid
from tests.unit.identity_world import record as row
from trainer.identity.claims import ClaimFacts
from trainer.identity.decide import decide_merge, decide_split
from trainer.identity.decisions import Decision
from trainer.identity.links import SiteLink
from trainer.identity.matching import find_joins
from trainer.identity.resolve import resolve
from trainer.staging.atomic import read_json
from trainer.state.store import Claim, KnownIdentities, read_identities

A, B, C = ("stashdb", "a"), ("stashdb", "b"), ("stashdb", "c")
X, Y = ("stashdb", "x"), ("stashdb", "y")
T, T2 = ("theporndb", "t"), ("theporndb", "t2")
KIND = "source_merge_contradicted"
AT = "2026-11-23T00:00:00Z"
FACTS: dict[Claim, dict[str, Any]] = {
    A: {"name": "Mira Zorn", "birth_date": "1990-01-02", "gender": "FEMALE"},
    B: {"name": "Tilo Quast", "birth_date": "1971-05-06", "gender": "MALE"},
}


def live(claim: Claim, *merged: str, links: tuple[SiteLink, ...] = ()) -> ClaimFacts:
    return ClaimFacts(claim, merged_ids=merged, links=links, **FACTS.get(claim, {}))


def dead(claim: Claim, into: str | None = None, *merged: str) -> ClaimFacts:
    return ClaimFacts(claim, merged_ids=merged, merged_into=into, live=False)


def to(claim: Claim) -> SiteLink:
    return SiteLink(claim[0], claim[1], f"https://{claim[0]}.example/{claim[1]}", strong=True)


def sets(facts, known=KnownIdentities(), decided=()):  # noqa: B008 - frozen
    """Sets of claims that are one performer, and the conflicts."""
    joins, conflicts = find_joins(facts, known, decided)
    found: dict[int, list[Claim]] = {}
    for claim, number in resolve(facts, known, joins, decided).performer_of.items():
        found.setdefault(number, []).append(claim)
    return sorted(sorted(own) for own in found.values()), conflicts


@pytest.mark.parametrize(
    "facts",
    [
        [live(A, "b"), live(B)],
        [live(A), live(B, "a")],
        [live(A, "b"), live(B, "a")],
        [live(A, "x"), live(B, "x")],
        [live(A, "x"), live(B, "x"), dead(X)],
        [live(A, "x"), live(B), dead(X, "b")],
        [live(A, "x"), live(B), dead(X, "y"), dead(Y, "b")],
        [live(A), live(B), dead(X, "a"), dead(Y, "b", "x")],
        [live(A, "x"), live(B, "y"), dead(X, "y")],
    ],
    ids=["names", "is_named", "each_other", "same", "same_dead", "into", "chain", "tombs", "ends"],
)
def test_two_live_records_stay_two_people_and_are_shown(facts):
    found, conflicts = sets(facts)
    assert all(not {A, B} <= set(own) for own in found)
    (conflict,) = {(c.kind, c.item.claims): c for c in conflicts}.values()
    assert (conflict.kind, conflict.item.claims) == (KIND, (A, B))
    for words in ("Mira Zorn", "1990-01-02", "FEMALE", "Tilo Quast", "1971-05-06", "MALE"):
        assert words in conflict.problem


def test_a_dead_record_of_two_stays_with_neither_and_others_of_the_same_merge_do():
    found, _ = sets([live(A, "x", "y"), live(B, "x"), dead(X), dead(Y, "a")])
    assert found == [[A, Y], [B], [X]]


def test_a_dead_record_stays_where_it_was_when_another_one_names_it():
    known = KnownIdentities({A: 1, X: 1, B: 2}, {}, 2)
    found, conflicts = sets([live(A, "x"), live(B, "x"), dead(X, "a")], known)
    assert found == [[A, X], [B]]
    assert [c.kind for c in conflicts] == [KIND]


def test_merges_that_say_one_thing_are_joined_as_before():
    facts = [live(A, "x"), dead(X, "a"), dead(Y, "x"), dead(C), live(B, "c")]
    assert sets(facts) == ([[A, X, Y], [B, C]], [])


def test_a_merge_of_another_source_does_not_join_them():
    """T2 was held to be B's; theporndb merged it into T, who is A's."""
    known = KnownIdentities({A: 1, T: 1, B: 2, T2: 2}, {}, 2)
    facts = [live(A), live(B), live(T, "t2", links=(to(A),)), dead(T2, "t")]
    found, conflicts = sets(facts, known)
    assert found == [[A, T, T2], [B]]
    assert [(c.kind, c.item.claims) for c in conflicts] == [(KIND, (A, B))]
    assert "performer 2" in conflicts[0].item.text


def test_a_record_of_another_source_that_links_to_both_does_not_join_them():
    found, conflicts = sets([live(A), live(B), live(T, links=(to(A), to(B)))])
    assert all(not {A, B} <= set(own) for own in found)
    assert conflicts


def test_what_was_joined_by_such_a_merge_before_is_taken_apart():
    known = KnownIdentities({A: 1, B: 1, X: 1}, {}, 1)
    found, conflicts = sets([live(A, "x"), live(B, "x"), dead(X)], known)
    assert all(not {A, B} <= set(own) for own in found)
    assert KIND in [c.kind for c in conflicts]


def test_a_person_may_join_them_or_say_that_they_are_two():
    facts = [live(A, "x"), live(B, "x"), dead(X)]
    merge = Decision(1, "merge", (frozenset({A}), frozenset({B})))
    assert sets(facts, decided=[merge]) == ([[A, B, X]], [])
    split = Decision(1, "split", (frozenset({A}), frozenset({B})))
    found, conflicts = sets(facts, decided=[split])
    assert (found, conflicts) == ([[A], [B], [X]], [])


def test_the_review_item_names_both_and_a_decision_ends_it(tmp_path):
    world = IdentityWorld(tmp_path)
    rows = [
        row("boxone", 1, "Mira Zorn", shots=(shot(1, 1),), birth_date="1990-01-02"),
        row("boxone", 2, "Tilda Quast", shots=(shot(2, 1),), birth_date="1971-05-06"),
    ]
    for each in rows:
        each["merged_ids"] = [uuid(9)]

    def reviews(week: int) -> list[dict]:
        context = world.run(f"week-{week}", rows)
        world.publish(context)
        return read_json(context.run.resolve / "reviews.json")

    (review,) = reviews(1)
    assert (review["kind"], len(review["performers"])) == (KIND, 2)
    assert "Mira Zorn" in review["text"]
    assert uuid(9) in review["text"]
    decide_merge(world.data, f"boxone:{uuid(1)}", f"boxone:{uuid(2)}", "one tattoo", AT)
    assert reviews(2) == []
    known = read_identities(world.data.state_db)
    assert len({known.current(known.claims["boxone", uuid(n)]) for n in (1, 2)}) == 1
    decide_split(world.data, [f"boxone:{uuid(2)}"], "another after all", AT)
    assert reviews(3) == []
    known = read_identities(world.data.state_db)
    assert len({known.current(known.claims["boxone", uuid(n)]) for n in (1, 2)}) == 2


NUMBERS = st.sampled_from("abcdef")
RECORDS = st.dictionaries(
    st.tuples(st.sampled_from(["stashdb", "theporndb"]), NUMBERS),
    st.tuples(
        st.lists(NUMBERS, max_size=3, unique=True),
        st.one_of(st.none(), NUMBERS),
        st.booleans(),
        st.lists(NUMBERS, max_size=2, unique=True),
    ),
    max_size=9,
)


def world_of(drawn) -> list[ClaimFacts]:
    other = {"stashdb": "theporndb", "theporndb": "stashdb"}
    return [
        ClaimFacts(
            claim,
            merged_ids=tuple(merged),
            merged_into=into,
            live=lives and into is None,
            links=tuple(to((other[claim[0]], number)) for number in linked),
        )
        for claim, (merged, into, lives, linked) in drawn.items()
    ]


@settings(max_examples=200, deadline=None)
@given(RECORDS, st.lists(st.integers(1, 3), max_size=9), st.randoms(use_true_random=False))
def test_no_performer_ever_has_two_live_records_of_one_source(
    drawn, numbers, chance: random.Random
):
    facts = world_of(drawn)
    given_ids = dict(zip(sorted(drawn), numbers, strict=False))
    known = KnownIdentities(given_ids, {}, max(numbers, default=0))
    found, conflicts = sets(facts, known)
    lives = {fact.claim for fact in facts if fact.live}
    for own in found:
        for one, two in combinations([claim for claim in own if claim in lives], 2):
            assert one[0] != two[0], found
    chance.shuffle(facts)
    assert sets(facts, known) == (found, conflicts)
