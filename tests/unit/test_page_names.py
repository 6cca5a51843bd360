"""Whether a page names the person whose record links to it. Everybody is invented."""

from __future__ import annotations

import time

import pytest

from trainer.crawl.confirm import judge
from trainer.identity.page_names import page_fits


def facts(name: str, *aliases: str, born: str | None = None) -> dict:
    return {"name": name, "aliases": list(aliases), "birth_date": born}


@pytest.mark.parametrize(
    ("page", "person"),
    [
        (facts("Orla Veit"), facts("Orla Veit")),
        (facts("ORLA  VEIT"), facts("orla veit")),
        (facts("Veit, Orla"), facts("Orla Veit")),
        (facts("Kakuu Sora"), facts("Sora Kakuu")),
        (facts("Órla Véit"), facts("Orla Veit")),
        (facts("Oksana Vejt"), facts("Oxana Veyt")),
        (facts("Orla V."), facts("Orla Veit")),
        (facts("Orla Veit"), facts("Orla V")),
        (facts("O. Veit"), facts("Orla Veit")),
        (facts("Orlaveit"), facts("Orla Veit")),
        (facts("Orla Marrow-Veit"), facts("Orla Veit")),
        (facts("Orla Viet"), facts("Orla Vieth")),  # a slip
        (facts("Tamsin Vee", "Orla Veit"), facts("Orla Veit")),
        (facts("Tamsin Vee", "Orla V."), facts("Orla Veit")),
        (facts("Orla Veit"), facts("Tamsin Vee", "Orla Veit")),
        (facts("Tamsin Vee", "Orla Veit"), facts("Ada Fenn", "Orla Veit")),
        (facts("Tamsin Vee", "Orla"), facts("Orla")),  # known by one word there
        (facts("Orla"), facts("Tamsin Vee", "Orla")),
        (facts("Orla Veit"), facts("Orla")),
        (facts("Orla"), facts("Orla Veit")),
        (facts("Orla Veit (2)"), facts("Orla Veit")),
        (facts("Orla Veit"), facts("Orla Veit (Bohemia)")),
        (facts("Orla Veit [CZ]"), facts("Orla Veit")),
        (facts("Orla Veit II"), facts("Orla Veit")),
        (facts("Orla Veit"), facts("Orla Veit #2")),
        (facts("Orla 2"), facts("Orla")),
        (facts("Orla Veit"), facts("Tamsin", "Orla Veit (studio.example)")),
        (facts("(2)"), facts("(2)")),
        (facts("Юлия Вейт"), facts("Юлия Вейт")),
        (facts("李虛構"), facts("Li Xugou", "李虛構")),
        (facts("そら・かくう", born="1990-05-06"), facts("Sora Kakuu", born="1990-05-06")),
    ],
)
def test_one_person(page, person):
    assert page_fits(page, person)
    assert page_fits(person, page)


@pytest.mark.parametrize(
    ("page", "person"),
    [
        (facts("Tamsin Vee"), facts("Orla Veit")),
        (facts("Babepedia"), facts("Orla Veit")),
        (facts("Tamsin Veit"), facts("Orla Veit")),  # the surname alone
        (facts("Orla Marrow"), facts("Orla Veit")),  # the first name alone
        (facts("Amber Rose"), facts("Rose")),
        (facts("Tamsin Vee", "Anna"), facts("Orla Veit", "Anna")),  # many are called so
        (facts("Tamsin Vee", "Orla & Ada Fenn"), facts("Ada Fenn")),
        (facts("Tamsin (studio.example)"), facts("Anna (studio.example)")),
        (facts("Orla Veit", born="1990-05-06"), facts("Ada Fenn", born="1990-05-06")),
        (facts("李虛構"), facts("Sora Kakuu")),
        (facts("李虛構", born="1990"), facts("Sora Kakuu", born="1990")),
        (facts("🦊"), facts("🐻")),
        (facts("Search results for 'Orla Veit'"), facts("Ada Fenn")),
    ],
)
def test_two_people(page, person):
    assert not page_fits(page, person)
    assert not page_fits(person, page)


def test_a_long_list_of_aliases_takes_no_time():
    page = facts("Tamsin Vee", *(f"Invented Name{n}" for n in range(1_000)))
    person = facts("Orla Veit", *(f"Another Person{n}" for n in range(100)))
    began = time.process_time()
    assert not page_fits(page, person)
    assert time.process_time() - began < 3


def candidate(number: int, name: str, **more) -> dict:
    claim = {"source": "stashdb", "source_id": f"s{number}"}
    return {**claim, **facts(name), "country": None, "urls": [], **more}


def page(name: str, *aliases: str, **more) -> dict:
    return {**facts(name, *aliases), "country": None, "links": (), **more}


def test_of_those_who_link_to_a_page_the_owners_are_those_whose_names_fit():
    people = [candidate(1, "Ada Fenn"), candidate(2, "Orla V."), candidate(3, "Orla Veit")]
    confirmation = judge(page("Orla Veit"), "url", people)
    assert confirmation.owners == (("stashdb", "s2"), ("stashdb", "s3"))
    assert (confirmation.confirmed_by, confirmation.doubt) == ("name Orla Veit", None)


def test_where_no_name_fits_the_doubt_names_both_and_everybody_stays_a_candidate():
    people = [candidate(1, "Ada Fenn", country="SE"), candidate(2, "Orla Veit")]
    confirmation = judge(page("Tamsin Vee", country="SE"), "url", people)
    assert confirmation.owners == (("stashdb", "s1"), ("stashdb", "s2"))
    assert confirmation.confirmed_by is None
    assert confirmation.doubt == (
        "the page names Tamsin Vee, but what links to it is the record of Ada Fenn, Orla Veit; "
        "check the link"
    )


def test_a_fitting_name_of_another_birth_date_is_no_owner():
    people = [candidate(1, "Orla Veit", birth_date="1971-06-06"), candidate(2, "Ada Fenn")]
    confirmation = judge(page("Orla Veit", birth_date="1990-05-06"), "url", people)
    assert "Ada Fenn" in (confirmation.doubt or "")
