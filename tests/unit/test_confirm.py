"""When a page is held to be of the person that it was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from trainer.crawl.confirm import judge

TWITTER = "https://twitter.com/wren_of_nowhere"


def page(**facts) -> dict:
    empty = {"aliases": (), "birth_date": None, "country": None, "links": ()}
    return {"name": "Wren Hollow", **empty, **facts}


def candidate(number: int = 1, **facts) -> dict:
    empty: dict[str, Any] = {"aliases": [], "birth_date": None, "country": None, "urls": []}
    claim = {"source": "stashdb", "source_id": f"s{number}"}
    return {**claim, "name": "Wren Hollow", **empty, **facts}


@pytest.mark.parametrize(
    ("on_the_page", "known", "confirmed"),
    [
        ({"birth_date": "1985-03-04"}, {"birth_date": "1985-03-04"}, "birth date 1985-03-04"),
        ({"birth_date": "1985-03"}, {"birth_date": "1985-03-04"}, "birth date 1985-03"),
        ({"birth_date": "1985"}, {"birth_date": "1985-03-04"}, None),  # the year alone is little
        ({"country": "SE"}, {"country": "SE"}, "country SE"),
        ({"country": "SE"}, {"country": "NO"}, None),
        ({"links": (TWITTER,)}, {"urls": ["https://x.com/Wren_of_Nowhere/"]}, "link twitter:"),
        ({"links": ("https://example.org/wren",)}, {"urls": ["https://example.org/wren"]}, None),
        ({"name": "wren  HOLLOW", "country": "SE"}, {"country": "SE"}, "country SE"),
        ({"name": "Wrén Hollow", "country": "SE"}, {"country": "SE"}, "country SE"),
        ({"aliases": ("Wren Hollow",), "name": "Ada", "country": "SE"}, {"country": "SE"}, "SE"),
        ({"country": "SE"}, {"name": "Ada", "aliases": ["Wren Hollow"], "country": "SE"}, "SE"),
        ({"name": "Wren Fallow", "country": "SE"}, {"country": "SE"}, None),
        ({"name": "Wren", "country": "SE"}, {"country": "SE"}, None),  # one word of the name
        ({}, {}, None),
    ],
)
def test_a_page_found_by_name_needs_the_name_and_one_more_fact(on_the_page, known, confirmed):
    confirmation = judge(page(**on_the_page), "name", [candidate(**known)])
    if confirmed is None:
        assert confirmation.confirmed_by is None
        assert confirmation.doubt
    else:
        assert confirmed in (confirmation.confirmed_by or "")
        assert confirmation.doubt is None


@pytest.mark.parametrize("found_by", ["name", "url"])
def test_two_birth_dates_are_two_people_whatever_else_agrees(found_by):
    known = candidate(birth_date="1985-03-04", country="SE", urls=[TWITTER])
    seen = page(birth_date="1985-04-03", country="SE", links=(TWITTER,))
    confirmation = judge(seen, found_by, [known])
    assert confirmation.confirmed_by is None
    assert "1985-04-03" in (confirmation.doubt or "")
    assert "1985-03-04" in (confirmation.doubt or "")


def test_a_linked_page_needs_no_second_fact_and_fuzzy_dates_do_not_contradict():
    confirmation = judge(page(birth_date="1985"), "url", [candidate(birth_date="1985-03-04")])
    assert (confirmation.owners, confirmation.doubt) == ((("stashdb", "s1"),), None)


def test_of_several_only_those_whose_facts_agree_are_owners():
    known = [
        candidate(1, birth_date="1971-01-01"),
        candidate(2, birth_date="1985-03-04"),
        candidate(3),
        candidate(4, birth_date="1985-03"),
    ]
    confirmation = judge(page(birth_date="1985-03-04"), "name", known)
    assert confirmation.owners == (("stashdb", "s2"), ("stashdb", "s4"))


def test_in_doubt_everybody_stays_a_candidate_for_a_person_to_look_at():
    confirmation = judge(page(), "name", [candidate(1), candidate(2)])
    assert confirmation.owners == (("stashdb", "s1"), ("stashdb", "s2"))
    assert confirmation.doubt == "nothing but the name agrees"
