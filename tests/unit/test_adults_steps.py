"""Adults only, over whole snapshots: nobody in quarantine is released, under no name."""

from __future__ import annotations

import pytest

from tests.unit.identity_world import PACK, IdentityWorld, page, record, shot
from trainer.errors import StageFailed
from trainer.identity.reviews import read_reviews
from trainer.pipeline.steps import select
from trainer.staging.frames import read_frame
from trainer.staging.parquet import read_table, write_table

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


YOUNG, ADULT = 1, 2  # ids of the records below, by their order


def young_and_adult(young: list[str], adult: list[str], *more: dict) -> list[dict]:
    """Somebody in quarantine and somebody who is not."""
    return [
        record("boxone", 1, "Ada Korin", birth_date="2000", shots=young),  # starts in 2010
        record("boxone", 2, "Bea Lund", birth_date="1980", shots=adult),
        *more,
    ]


def released(context) -> set[tuple[int, str]]:
    frame = read_frame(context.run.select / "faces.parquet")
    return set(frame.select("performer_id", "image_url").rows())


def verdicts(context) -> dict[tuple[int, str], tuple[str, int | None]]:
    frame = read_frame(context.run.select / "verdicts.parquet")
    columns = frame.select("performer_id", "url", "rule", "other_performer_id")
    return {row[:2]: row[2:] for row in columns.rows()}


def reviews(context) -> list[tuple[str, tuple[int, ...]]]:
    return [(r.kind, r.performers) for r in read_reviews(context.run.select)]


def test_a_picture_of_somebody_in_quarantine_is_nobodys(world):
    both = shot(5, 0)
    context = world.run("run", young_and_adult([both], [both, shot(6, 0)]))
    assert quarantined(context) == {"under_age": 1}
    assert released(context) == {(ADULT, shot(6, 0))}
    conflict = "same_picture_under_two_performers"
    assert verdicts(context)[ADULT, both] == (conflict, YOUNG)
    assert verdicts(context)[YOUNG, both] == ("quarantined", ADULT)
    assert reviews(context) == [("picture_of_two", (ADULT, YOUNG))]


def test_a_face_of_somebody_in_quarantine_is_not_released_under_anothers_name(world):
    context = world.run("run", young_and_adult([shot(5, 0), shot(5, 1)], [shot(5, 2)]))
    assert released(context) == set()
    assert verdicts(context)[ADULT, shot(5, 2)] == ("face_of_another", YOUNG)
    assert reviews(context) == [("face_of_another", (ADULT, YOUNG))]


def test_a_face_of_somebody_in_quarantine_among_right_ones_is_found(world):
    right = {shot(6, n) for n in range(3)}
    rows = young_and_adult([shot(5, 0), shot(5, 1)], [*right, shot(5, 2)])
    context = world.run("run", rows)
    assert released(context) == {(ADULT, url) for url in right}
    assert verdicts(context)[ADULT, shot(5, 2)] == ("nearer_to_another", YOUNG)


def test_faces_in_quarantine_vouch_for_nobody_and_are_no_candidates(world):
    link = "https://maybe.example/star/bea"
    rows = young_and_adult(
        [shot(5, 0), shot(5, 1)], [], page("maybe", "bea", "Bea Lund", shots=[shot(5, 2)])
    )
    rows[1]["urls"] = [{"url": link, "site": "Somewhere"}]
    context = world.run("run", rows)
    assert released(context) == set()
    assert verdicts(context)[ADULT, shot(5, 2)] == ("no_trusted_face", None)
    assert {rule for (who, _), (rule, _) in verdicts(context).items() if who == YOUNG} == {
        "quarantined"
    }
    assert context.result("select")["funnel"] == {"maybe": {"no_trusted_face": 1}}
    assert list(context.result("select")["stages"]) == ["maybe"]
    performers = read_frame(context.run.resolve / "performers.parquet")
    assert performers["performer_id"].to_list() == [ADULT]


def test_two_people_in_quarantine_are_no_question(world):
    both = shot(5, 0)
    rows = young_and_adult([both], [])
    rows[1] |= {"birth_date": "2001", "images": rows[0]["images"]}
    assert reviews(world.run("run", rows)) == []


def test_a_picture_of_before_the_person_was_18_is_refused(world):
    shots = [shot(5, n) for n in range(3)]
    rows = [record("boxone", 1, "Ada Korin", birth_date="1988-05", shots=shots)]
    taken = {shots[0]: "2006-05-30", shots[1]: "2006-06-01"}
    context = world.run("run", rows, taken=taken)
    assert released(context) == {(1, url) for url in shots[1:]}
    assert verdicts(context)[1, shots[0]] == ("dated_before_adult", None)
    assert context.result("select")["funnel"]["boxone"]["dated_before_adult"] == 1


def test_by_the_latest_birth_date_that_any_source_gives(world):
    rows, taken = in_both({"birth_date": "1988"}, {"birth_date": "1988"}), "2007-02-01"
    first = world.run("week-1", rows, taken={shot(1, 0): taken})
    assert released(first) == {(1, shot(1, 0))}
    world.publish(first)
    rows[1]["birth_date"] = "1989-03-04"
    second = world.run("week-2", rows, taken={shot(1, 0): taken})
    assert quarantined(second) == {}
    assert released(second) == set()


def test_a_face_cache_of_an_older_trainer_has_no_days(world):
    rows = [record("boxone", 1, "Ada Korin", birth_date="1988", shots=[shot(5, 0)])]
    context = world.run("run", rows)
    (part,) = world.data.faces(PACK).glob("*.parquet")
    write_table(part, read_table(part).drop_columns(["taken_on"]))
    select.run(context)
    assert released(context) == {(1, shot(5, 0))}


def test_select_asks_to_resolve_again_after_an_older_trainer(world):
    context = world.run("run", young_and_adult([shot(5, 0)], [shot(6, 0)]))
    (context.run.resolve / "owners.parquet").unlink()
    with pytest.raises(StageFailed, match="resolve"):
        select.run(context)
