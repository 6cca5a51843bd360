"""Faces support or contradict what names and facts say; they never join by themselves."""

from __future__ import annotations

import pytest

from tests.unit.identity_world import IdentityWorld, record, shot
from trainer.staging.atomic import read_json
from trainer.state.store import read_identities

PLAIN = {"birth_date": "1986-03", "country": "CZ"}


def people(world: IdentityWorld, rows) -> tuple[int, list[str]]:
    context = world.run("week-1", rows)
    world.publish(context)
    reviews = read_json(context.run.resolve / "reviews.json")
    ids = set(read_identities(world.data.state_db).claims.values())
    return len(ids), [review["kind"] for review in reviews]


def pair(who: int, other: int, **facts):
    return [
        record("boxone", 1, "Mira Vask", shots=(shot(who, 1), shot(who, 2)), **PLAIN | facts),
        record("boxtwo", 2, "Mira Vask", shots=(shot(other, 3), shot(other, 4)), **PLAIN | facts),
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (pair(7, 7), (1, [])),
        (pair(7, 8), (2, [])),
        (pair(7, 8, birth_date="1986-03-14"), (2, ["same_facts_contradicted"])),
        (pair(7, 7, birth_date=None), (2, [])),
    ],
    ids=["faces decide", "faces differ", "faces contradict", "faces alone say nothing"],
)
def test_faces_of_two_records(tmp_path, rows, expected):
    assert people(IdentityWorld(tmp_path), rows) == expected


def test_a_record_without_a_face_is_judged_by_its_facts(tmp_path):
    rows = pair(7, 8, birth_date="1986-03-14")
    rows[1]["images"] = []
    assert people(IdentityWorld(tmp_path), rows) == (1, [])
