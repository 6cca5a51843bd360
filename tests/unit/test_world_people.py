"""The invented people: adults, each with their own face, and what week 2 changes."""

from collections import Counter

import pytest

from demo import shots
from demo.world.people import latest_birthday, population

WEEKS = (1, 2)
NEW_IN_WEEK_2 = {"naledi", "newcomer"}


def live(week):
    return {person.key: person for person in population(week) if not person.deleted}


def faces_of(person):
    """The synthetic people whose single-face pictures this record has."""
    return {key.split("/")[0] for key in person.images if not key.startswith("odd/")}


@pytest.mark.parametrize("week", WEEKS)
def test_everyone_is_an_adult_at_the_start_of_the_career(week):
    dated = 0
    for person in population(week):
        born, start = latest_birthday(person), person.career_start_year
        if born is None or start is None:
            continue
        dated += 1
        eighteen = f"{int(born[:4]) + 18}{born[4:]}"
        assert eighteen < f"{start}-01-01", person.key
    assert dated > 35


@pytest.mark.parametrize("week", WEEKS)
def test_records_without_a_birth_date_are_the_two_that_are_meant(week):
    assert {p.key for p in population(week) if p.birth_date is None} == {"undated", "bare"}


@pytest.mark.parametrize("week", WEEKS)
def test_nobody_has_two_faces_and_no_face_two_records(week):
    owners: dict[str, list[str]] = {}
    for person in live(week).values():
        assert len(faces_of(person)) <= 1, person.key
        for face in faces_of(person):
            owners.setdefault(face, []).append(person.key)
    shared = {face: keys for face, keys in owners.items() if len(keys) > 1}
    assert shared == ({"P008": ["dorian", "dorian_2"]} if week == 1 else {})
    assert len(owners) == 9 if week == 1 else len(owners) == 10


def test_the_duplicate_pair_shares_no_picture_in_week_1_and_all_in_week_2():
    first, second = live(1)["dorian"], live(1)["dorian_2"]
    assert (first.duplicate, second.duplicate) == ("dorian_2", "dorian")
    assert not set(first.images) & set(second.images)
    assert set(first.images) | set(second.images) == set(live(2)["dorian"].images)
    assert "dorian_2" not in live(2)


@pytest.mark.parametrize("week", WEEKS)
def test_enough_single_faces_and_none_of_them_twice(week):
    images = [key for person in live(week).values() for key in person.images]
    assert max(Counter(images).values()) == 1
    faces = [key for key in images if not key.startswith("odd/")]
    assert len(faces) >= 115
    counts = Counter(face.split("/")[0] for face in faces)
    assert min(counts.values()) >= 12


@pytest.mark.parametrize("week", WEEKS)
def test_held_out_pictures_belong_to_nobody(week):
    for person in population(week):
        assert not {key.split("/")[1] for key in person.images} & set(shots.HELD_OUT)


def test_what_week_2_changes():
    one, two = live(1), live(2)
    assert set(two) - set(one) == NEW_IN_WEEK_2
    assert set(one) - set(two) == {"dorian_2", "gone"}
    changed = {key for key in one.keys() & two.keys() if one[key] != two[key]}
    assert changed == {"sable", "linnea", "dorian"}
    assert set(two["linnea"].images) - set(one["linnea"].images) == {"P003/playful"}
    for key in changed:
        assert two[key].updated > max(p.updated for p in population(1))
        assert two[key].id == one[key].id and two[key].created == one[key].created


def test_awkward_names_are_there():
    names = [person.name for person in population(1)]
    assert names.count("Juno Hallward") == 2
    assert any('"' in n for n in names) and any("'" in n for n in names)
    assert any("\u0590" <= c <= "\u06ff" for n in names for c in n)
    assert any(ord(c) > 0xFFFF for n in names for c in n)
    assert any("\u0300" <= c <= "\u036f" for n in names for c in n)
    assert max(len(person.aliases) for person in population(1)) > 100


def test_ids_are_permanent_and_distinct():
    ids = [person.id for person in population(2)]
    assert len(set(ids)) == len(ids)
    # An id that has once been given out: a change here would orphan every built database.
    assert live(1)["mira"].id == "df5de318-5d4a-5d1c-bba7-6cea88bf071a"


def test_there_is_no_third_week():
    with pytest.raises(ValueError, match="weeks 1 and 2"):
        population(3)
