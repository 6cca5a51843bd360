"""Adults only, over whole snapshots: nobody in quarantine is released, under no name."""

from __future__ import annotations

import pytest

from tests.unit.identity_world import IdentityWorld, page, record, shot

IMDB = "https://www.imdb.com/name/nm9990001/"
SURELY = "https://surely.example/star/mira"


@pytest.fixture
def world(tmp_path):
    return IdentityWorld(tmp_path)


def quarantined(context) -> dict[str, int]:
    return context.result("resolve")["quarantined"]


def in_both(one: dict, other: dict) -> list[dict]:
    plain = {"birth_date": "1995", "links": [IMDB]}
    return [
        record("boxone", 1, "Mira Vask", shots=[shot(1, 0)], **plain | one),
        record("boxtwo", 2, "Mira Vask", **plain | other),
    ]


def test_a_start_that_another_source_gives_counts(world):
    rows = in_both({"career_start_year": 2015}, {"career_start_year": 2011})
    assert quarantined(world.run("run", rows)) == {"contradiction": 1}


def test_a_birth_date_that_another_source_gives_counts_where_one_id_holds_them(world):
    rows = in_both({"career_start_year": 2015}, {"career_start_year": 2015})
    first = world.run("week-1", rows)
    assert quarantined(first) == {}
    world.publish(first)
    rows[1]["birth_date"] = "1998-05-05"
    assert quarantined(world.run("week-2", rows)) == {"contradiction": 1}


def test_the_start_on_a_page_counts(world):
    rows = [
        record("boxone", 1, "Mira Vask", birth_date="1995", links=[SURELY], shots=[shot(1, 0)])
        | {"career_start_year": 2015},
        page("surely", "mira", "Mira Vask", career_start_year=2010),
    ]
    assert quarantined(world.run("run", rows)) == {"contradiction": 1}


def test_what_nobody_said_is_not_filled_in(world):
    facts = {"birth_date": "1980", "career_start_year": None, "created_at": None}
    rows = [record("boxone", 1, "Mira Vask", shots=[shot(1, 0)]) | facts]
    assert quarantined(world.run("run", rows)) == {"unknown_age": 1}
