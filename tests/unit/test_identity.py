"""Permanent ids: given once, kept through merges, independent of order."""

from __future__ import annotations

import random

from trainer.identity.claims import ClaimFacts
from trainer.identity.resolve import resolve
from trainer.state.store import KnownIdentities, Merge

A, B, C = ("stashdb", "a"), ("stashdb", "b"), ("stashdb", "c")


def test_new_claims_get_ids_in_claim_order():
    found = resolve([ClaimFacts(B), ClaimFacts(A)], KnownIdentities())
    assert found.performer_of == {A: 1, B: 2}
    assert found.new_ids == [1, 2]


def test_known_claims_keep_their_ids():
    known = KnownIdentities({B: 7}, {}, highest_id=7)
    found = resolve([ClaimFacts(A), ClaimFacts(B)], known)
    assert found.performer_of == {A: 8, B: 7}
    assert found.new_ids == [8]


def test_a_merge_upstream_keeps_the_live_records_id():
    known = KnownIdentities({A: 1, B: 2}, {}, highest_id=2)
    facts = [ClaimFacts(A, live=False, merged_into="b"), ClaimFacts(B, merged_ids=("a",))]
    found = resolve(facts, known)
    assert found.performer_of == {A: 2, B: 2}
    assert found.merges == [Merge(1, 2, "merged by the source: stashdb:a, stashdb:b")]
    assert found.new_ids == []


def test_a_merge_into_a_new_record_keeps_the_old_id():
    known = KnownIdentities({A: 1}, {}, highest_id=1)
    found = resolve([ClaimFacts(C, merged_ids=("a",))], known)
    assert found.performer_of == {A: 1, C: 1}
    assert found.merges == []


def test_a_merge_is_recorded_once():
    known = KnownIdentities({A: 2, B: 2}, {1: 2}, highest_id=2)
    found = resolve([ClaimFacts(B, merged_ids=("a",))], known)
    assert found.merges == []


def test_an_id_that_was_merged_away_is_followed():
    known = KnownIdentities({A: 1, B: 2}, {1: 2}, highest_id=2)
    assert resolve([ClaimFacts(A)], known).performer_of == {A: 2}


def test_the_order_of_facts_changes_nothing():
    facts = [
        ClaimFacts(("stashdb", f"{n:03d}"), merged_ids=(f"{n - 1:03d}",) if n % 3 == 0 else ())
        for n in range(1, 40)
    ]
    first = resolve(facts, KnownIdentities())
    random.Random(4).shuffle(facts)
    assert resolve(facts, KnownIdentities()) == first
