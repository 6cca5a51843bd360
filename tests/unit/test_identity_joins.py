"""Records of different sources: joined by evidence, never against it. Everybody is invented."""

from __future__ import annotations

import random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trainer.identity.claims import ClaimFacts, Join, dates_agree
from trainer.identity.links import SiteLink
from trainer.identity.matching import find_joins
from trainer.identity.resolve import resolve
from trainer.state.store import Claim, KnownIdentities, Merge

A, A2 = ("stashdb", "a"), ("stashdb", "a2")
F, T = ("fansdb", "f"), ("theporndb", "t")
NOBODY_KNOWN = KnownIdentities()


def link(site: str, number: str, *, strong: bool = True) -> SiteLink:
    return SiteLink(site, number, f"https://{site}.example/{number}", strong)


def record(claim: Claim, *links: SiteLink, **facts) -> ClaimFacts:
    return ClaimFacts(claim, links=links, **facts)


IMDB = link("imdb", "nm9990001")
ACCOUNT = link("onlyfans", "mira")


def people(facts, known=NOBODY_KNOWN):
    """Sets of claims that are one performer, and kinds of what is shown to a person."""
    joins, conflicts = find_joins(facts, known)
    found = resolve(facts, known, joins)
    groups: dict[int, set[Claim]] = {}
    for claim, number in found.performer_of.items():
        groups.setdefault(number, set()).add(claim)
    return sorted(map(sorted, groups.values())), [c.kind for c in conflicts]


def test_a_link_to_another_sources_record_joins_with_its_evidence():
    facts = [record(A), record(T, link("stashdb", "a"))]
    joins, conflicts = find_joins(facts, NOBODY_KNOWN)
    assert joins == [Join((A, T), "cross_link (1.50): theporndb:t links to stashdb:a")]
    assert conflicts == []
    found = resolve(facts, NOBODY_KNOWN, joins)
    assert found.performer_of == {A: 1, T: 1}
    assert found.evidence == dict.fromkeys(
        (A, T), "cross_link (1.50): theporndb:t links to stashdb:a"
    )


def test_a_link_to_a_merged_record_leads_to_the_one_that_lives():
    facts = [
        record(A, merged_ids=("a2",)),
        record(A2, live=False, merged_into="a"),
        record(T, link("stashdb", "a2")),
    ]
    assert people(facts) == ([[A, A2, T]], [])


def test_a_link_to_a_deleted_or_unknown_record_joins_nobody():
    facts = [record(A, live=False), record(T, link("stashdb", "a"), link("stashdb", "missing"))]
    assert people(facts) == ([[A], [T]], [])


def test_a_shared_strong_link_joins_and_a_weak_one_does_not():
    assert people([record(A, IMDB), record(F, IMDB)]) == ([[F, A]], [])
    hub = link("linktree", "mira", strong=False)
    assert people([record(A, hub), record(F, hub)]) == ([[F], [A]], [])


@pytest.mark.parametrize(
    ("mine", "theirs", "what"),
    [
        ({"birth_date": "1986-03-14"}, {"birth_date": "1971"}, "born"),
        ({"gender": "FEMALE"}, {"gender": "MALE"}, "FEMALE"),
        ({"extra": link("wikidata", "Q1")}, {"extra": link("wikidata", "Q2")}, "wikidata"),
    ],
)
def test_a_contradiction_is_shown_and_joins_nobody(mine, theirs, what):
    def made(claim, facts):
        facts = dict(facts)
        extra = [facts.pop("extra")] if "extra" in facts else []
        return record(claim, IMDB, *extra, **facts)

    facts = [made(A, mine), made(F, theirs)]
    joins, conflicts = find_joins(facts, NOBODY_KNOWN)
    assert joins == []
    assert [c.kind for c in conflicts] == ["shared_link_contradicted"]
    assert what in conflicts[0].problem
    assert conflicts[0].item.url == IMDB.url


def test_facts_that_can_both_be_true_contradict_nothing():
    facts = [
        record(A, IMDB, birth_date="1986", gender="FEMALE"),
        record(F, IMDB, birth_date="1986-03", gender="TRANSGENDER_FEMALE"),
        record(T, IMDB, link("twitter", "other_account")),
    ]
    assert people(facts) == ([[F, A, T]], [])


def test_the_two_forms_of_a_catalogues_ids_do_not_contradict_each_other():
    number = link("imdb", "id=6f1d3c1e-8d52-5a0e-9f0b-3c7d5a1e2b40")
    assert people([record(A, ACCOUNT, IMDB), record(F, ACCOUNT, number)]) == ([[F, A]], [])


def test_an_account_that_two_records_of_one_source_have_joins_neither():
    facts = [record(A, ACCOUNT), record(A2, ACCOUNT), record(F, ACCOUNT)]
    assert people(facts) == ([[F], [A], [A2]], ["shared_link_contradicted"])


def test_a_record_that_links_to_another_of_its_source_is_still_somebody_else():
    facts = [record(A, link("stashdb", "a2"), ACCOUNT), record(A2, IMDB), record(F, ACCOUNT, IMDB)]
    assert people(facts) == ([[F], [A], [A2]], ["links_contradict_each_other"] * 2)


def test_two_records_of_one_source_that_share_a_link_are_upstreams_business():
    assert people([record(A, ACCOUNT), record(A2, ACCOUNT)]) == ([[A], [A2]], [])


def test_links_that_are_sound_alone_and_not_together_join_nobody():
    """F shares a link with each of two people of one source: none of the three is joined."""
    facts = [record(A, IMDB), record(A2, ACCOUNT), record(F, IMDB, ACCOUNT)]
    groups, kinds = people(facts)
    assert groups == [[F], [A], [A2]]
    assert kinds == ["links_contradict_each_other"] * 2


def test_a_cross_link_is_stronger_than_a_shared_link():
    facts = [record(A), record(A2, ACCOUNT), record(T, link("stashdb", "a"), ACCOUNT)]
    assert people(facts) == ([[A, T], [A2]], ["shared_link_contradicted"])


def test_a_cross_link_against_the_birth_date_is_shown():
    facts = [record(A, birth_date="1971"), record(T, link("stashdb", "a"), birth_date="1990-01-01")]
    assert people(facts) == ([[A], [T]], ["cross_link_contradicted"])


def test_two_known_performers_that_turn_out_to_be_one_keep_the_smaller_id():
    known = KnownIdentities({A: 4, F: 2, T: 4}, {}, highest_id=4)
    facts = [record(A, IMDB), record(F, IMDB), record(T)]
    joins, _ = find_joins(facts, known)
    found = resolve(facts, known, joins)
    assert found.performer_of == {A: 2, F: 2, T: 2}
    assert found.merges == [Merge(4, 2, joins[0].evidence)]


def test_what_was_joined_stays_joined_when_its_evidence_has_gone():
    known = KnownIdentities({A: 1, F: 1}, {}, highest_id=1)
    assert people([record(A), record(F)], known) == ([[F, A]], [])


def test_what_was_joined_is_weighed_together():
    """T shares a link with A only; F, who is the same performer as A, was born another year."""
    known = KnownIdentities({A: 1, F: 1}, {}, highest_id=1)
    facts = [record(A, IMDB), record(F, birth_date="1971"), record(T, IMDB, birth_date="1990")]
    assert people(facts, known) == ([[F, A], [T]], ["shared_link_contradicted"])


@given(st.integers(0, 10_000))
@example(6433)
@settings(max_examples=60, deadline=None)
def test_order_changes_nothing_and_every_week_gives_the_same_ids(seed):
    dice = random.Random(seed)
    facts = [
        record(
            (source, f"{n:02d}"),
            *(link("imdb", f"nm{dice.randrange(6)}") for _ in range(dice.randrange(2))),
            *(link("onlyfans", f"u{dice.randrange(6)}") for _ in range(dice.randrange(3))),
            *(link("stashdb", f"{dice.randrange(8):02d}") for _ in range(dice.random() < 0.2)),
            birth_date=dice.choice([None, None, "1986", "1986-03", "1971"]),
            gender=dice.choice([None, "FEMALE", "MALE"]),
            live=dice.random() < 0.9,
        )
        for source in ("stashdb", "fansdb", "theporndb")
        for n in range(8)
    ]
    joins, conflicts = find_joins(facts, NOBODY_KNOWN)
    first = resolve(facts, NOBODY_KNOWN, joins)
    dice.shuffle(facts)
    assert find_joins(facts, NOBODY_KNOWN) == (joins, conflicts)
    dice.shuffle(joins)
    assert resolve(facts, NOBODY_KNOWN, joins) == first
    _nobody_contradicts(facts, first.performer_of)
    known = KnownIdentities(first.performer_of, {}, highest_id=len(first.new_ids))
    later, _ = find_joins(facts, known)
    assert resolve(facts, known, later).performer_of == first.performer_of


def _nobody_contradicts(facts, performer_of):
    for one in facts:
        for other in facts:
            if performer_of[one.claim] != performer_of[other.claim] or one.claim >= other.claim:
                continue
            if one.live and other.live:
                assert one.claim[0] != other.claim[0]
                assert dates_agree(one.birth_date, other.birth_date)
                assert {one.gender, other.gender} != {"FEMALE", "MALE"}
