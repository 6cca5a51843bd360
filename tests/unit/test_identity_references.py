"""Reference pages: whose they are, and when a person has to look. Everybody is invented."""

from __future__ import annotations

import random
import re
from typing import Any, cast, get_args

import pytest

from trainer.config.settings import REPO_ROOT
from trainer.identity.names import same_name
from trainer.identity.references import Performers, attach
from trainer.identity.reviews import Kind
from trainer.staging.rows import PerformerRecord
from trainer.state.store import Claim, KnownIdentities

NONE_KNOWN = KnownIdentities()
MIRA, BO = ("stashdb", "mira"), ("stashdb", "bo")


def person(claim: Claim, name: str, **facts: Any) -> PerformerRecord:
    row = {"source": claim[0], "source_id": claim[1], "name": name}
    return cast(PerformerRecord, row | {"aliases": [], "birth_date": None} | facts)


def page(number: str = "p1", *, owners: tuple[Claim, ...] = (), **facts: Any) -> PerformerRecord:
    row = {
        "source": "demosite",
        "source_id": number,
        "page_url": f"https://demosite.example/star/{number}",
        "name": "Mira Vask",
        "aliases": [],
        "birth_date": None,
        "found_by": "name" if owners else "url",
        "confirmed_by": None,
        "owners": [{"source": s, "source_id": i} for s, i in owners],
    } | facts
    return cast(PerformerRecord, row)


def performers(*people: PerformerRecord, links: dict[str, tuple[Claim, ...]] | None = None):
    """Each person one performer, 1, 2, ...; `links`: page id -> records that link to it today."""
    claims = {(p["source"], p["source_id"]): n for n, p in enumerate(people, 1)}
    linked = {("demosite", number): list(owners) for number, owners in (links or {}).items()}
    return Performers({n: [p] for n, p in enumerate(people, 1)}, claims, linked)


ONE = performers(person(MIRA, "Mira Vask", birth_date="1986"), links={"p1": (MIRA,)})


def kinds(result) -> list[str]:
    return [review.kind for review in result.reviews]


def test_a_linked_page_with_the_persons_name_is_attached():
    result = attach([page()], ONE, NONE_KNOWN)
    assert result.pages == {1: [page()]}
    assert result.performer_of == {("demosite", "p1"): 1}
    assert result.evidence == {("demosite", "p1"): "found by url of stashdb:mira"}
    assert result.reviews == []


def test_a_link_that_shows_somebody_else_by_now_is_not_believed():
    result = attach([page(name="Somebody Else", aliases=["Elsie"])], ONE, NONE_KNOWN)
    assert (result.performer_of, kinds(result)) == ({}, ["unconfirmed_page"])
    review = result.reviews[0]
    assert review.performers == (1,)
    assert "Somebody Else" in review.text
    assert "stashdb:mira" in review.text


@pytest.mark.parametrize(
    "facts",
    [
        {"name": "Vask, Mira"},
        {"name": "MIRÁ VASK"},
        {"name": "Other", "aliases": ["Mira Vask"]},
        {"name": "Mira Okonedo-Vask"},
        {"name": "Mira V."},
        {"name": "Mira"},
        {"name": "Mira Vask (2)"},
    ],
)
def test_what_confirms_a_linked_page(facts):
    assert attach([page(**facts)], ONE, NONE_KNOWN).performer_of == {("demosite", "p1"): 1}


@pytest.mark.parametrize("facts", [{"birth_date": "1986-03-14"}, {"confirmed_by": "country SE"}])
def test_no_other_fact_confirms_a_linked_page_of_another_name(facts):
    born = performers(person(MIRA, "Mira Vask", birth_date="1986-03-14"), links={"p1": (MIRA,)})
    result = attach([page(name="New Name", **facts)], born, NONE_KNOWN)
    assert (result.performer_of, kinds(result)) == ({}, ["unconfirmed_page"])


def test_a_name_of_any_of_the_performers_records_will_do():
    records = [person(MIRA, "Mira Vask"), person(BO, "New Name")]
    both = Performers({1: records}, {MIRA: 1, BO: 1}, {("demosite", "p1"): [MIRA]})
    assert attach([page(name="New Name")], both, NONE_KNOWN).performer_of == {("demosite", "p1"): 1}


@pytest.mark.parametrize("other", ["Mira Vask", "Mira"])
def test_a_page_with_the_name_of_two_performers_who_link_to_it_is_nobodys(other):
    both = performers(person(MIRA, "Mira Vask"), person(BO, other), links={"p1": (MIRA, BO)})
    result = attach([page()], both, NONE_KNOWN)
    assert (result.performer_of, kinds(result)) == ({}, ["page_claimed_by_two"])
    assert result.reviews[0].performers == (1, 2)


def test_of_two_performers_who_link_to_a_page_it_is_the_ones_whose_name_it_has():
    both = performers(person(MIRA, "Mira Vask"), person(BO, "Bo Arlen"), links={"p1": (BO, MIRA)})
    result = attach([page()], both, NONE_KNOWN)
    assert (result.performer_of, kinds(result)) == ({("demosite", "p1"): 1}, [])
    assert result.evidence == {("demosite", "p1"): "found by url of stashdb:mira"}
    assert result.contested == {("demosite", "p1")}


def test_a_page_that_two_link_to_and_whose_name_neither_has_is_nobodys():
    both = performers(person(MIRA, "Ada Fenn"), person(BO, "Bo Arlen"), links={"p1": (MIRA, BO)})
    result = attach([page()], both, NONE_KNOWN)
    assert (result.performer_of, kinds(result)) == ({}, ["page_claimed_by_two"])


def test_two_records_of_one_performer_may_link_to_one_page():
    twice = Performers(
        {1: [person(MIRA, "Mira Vask"), person(("fansdb", "m"), "Mira Vask")]},
        {MIRA: 1, ("fansdb", "m"): 1},
        {("demosite", "p1"): [MIRA, ("fansdb", "m")]},
    )
    assert attach([page()], twice, NONE_KNOWN).performer_of == {("demosite", "p1"): 1}


def test_a_page_found_by_name_needs_a_second_fact():
    """Two people may have one name: nothing but the name is no evidence."""
    unconfirmed = attach([page(owners=(MIRA,))], ONE, NONE_KNOWN)
    assert (unconfirmed.performer_of, kinds(unconfirmed)) == ({}, ["unconfirmed_page"])
    confirmed = attach([page(owners=(MIRA,), confirmed_by="birth_date")], ONE, NONE_KNOWN)
    assert confirmed.evidence == {
        ("demosite", "p1"): "found by name of stashdb:mira, confirmed by birth_date"
    }


def test_another_birth_date_wins_over_every_confirmation():
    result = attach([page(birth_date="1971", confirmed_by="country")], ONE, NONE_KNOWN)
    assert (result.performer_of, kinds(result)) == ({}, ["birth_dates_differ"])


def test_pages_that_disagree_about_the_birth_date_are_both_shown():
    unborn = performers(person(MIRA, "Mira Vask"), links=dict.fromkeys(("p1", "p2", "p3"), (MIRA,)))
    pages = [page("p1", birth_date="1986"), page("p2", birth_date="1971"), page("p3")]
    result = attach(pages, unborn, NONE_KNOWN)
    assert result.performer_of == {("demosite", "p3"): 1}
    assert result.pages == {1: [page("p3")]}
    assert kinds(result) == ["birth_dates_differ"] * 2


def test_a_page_whose_owners_have_gone_is_dropped_with_a_count():
    result = attach([page(), page("p2", owners=(BO,), confirmed_by="x")], performers(), NONE_KNOWN)
    assert result.dropped == {"demosite": 2}
    assert (result.performer_of, result.reviews) == ({}, [])


def test_a_link_that_was_taken_away_takes_the_page_along():
    """The crawl noted the owner, whose record does not link there any more."""
    stale = page(owners=(MIRA,), found_by="url")
    unlinked = performers(person(MIRA, "Mira Vask"))
    assert attach([stale], unlinked, NONE_KNOWN).dropped == {"demosite": 1}


def test_a_page_does_not_move_to_somebody_else_while_its_performer_is_listed():
    two = performers(person(MIRA, "Mira Vask"), person(BO, "Mira Vask"), links={"p1": (BO,)})
    known = KnownIdentities({("demosite", "p1"): 1}, {}, highest_id=2)
    result = attach([page()], two, known)
    assert (result.performer_of, kinds(result)) == ({}, ["page_moved"])
    gone = KnownIdentities({("demosite", "p1"): 9}, {}, highest_id=9)
    assert attach([page()], two, gone).performer_of == {("demosite", "p1"): 2}
    merged = KnownIdentities({("demosite", "p1"): 9}, {9: 2}, highest_id=9)
    assert attach([page()], two, merged).performer_of == {("demosite", "p1"): 2}


def test_the_order_of_pages_changes_nothing():
    linked = performers(person(MIRA, "Mira Vask"), links={f"p{n}": (MIRA,) for n in range(9)})
    pages = [page(f"p{n}", birth_date="1971" if n == 4 else None) for n in range(9)]
    first = attach(pages, linked, NONE_KNOWN)
    random.Random(3).shuffle(pages)
    assert attach(pages, linked, NONE_KNOWN) == first


def test_every_kind_of_review_is_documented():
    text = (REPO_ROOT / "docs" / "identity.md").read_text()
    section = text.split("## Review items", 1)[1].split("## ", 1)[0]
    assert set(re.findall(r"^\| `(\w+)`", section, re.MULTILINE)) == set(get_args(Kind))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Linnéa Fjärdqvist", "LINNEA FJARDQVIST", True),
        ("Anne-Marie Du Bois", "Annemarie du Bois", False),
        ("Anne Marie", "Annemarie", True),
        ("O'Marrow Sable", "Sable O\u2019Marrow", True),
        ("Mira Vask", "Mira Okonedo Vask", True),
        ("Mira", "Mira Vask", False),
        ("Mira Vask", "Mira Voss", False),
        ("李虛構", "李虛構", True),
        ("🦊", "🦊", True),
        ("🦊", "🐻", False),
        ("", "", False),
    ],
)
def test_names_as_people_compare_them(one, other, same):
    assert same_name(one, other) is same
    assert same_name(other, one) is same
