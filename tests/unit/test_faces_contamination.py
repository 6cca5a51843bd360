"""Faces that are somebody else's are found, and the right ones stay."""

from __future__ import annotations

import random

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.unit.invented_faces import BO, MIRA, NOISE, face, frame
from trainer.faces import nearness
from trainer.faces.centres import Centres
from trainer.faces.contamination import scan


def both(faces: tuple[dict, ...], memory: pl.DataFrame | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    rows, vectors = frame(list(faces))
    quality = pl.Series("quality_score", [1.0 - n / 100 for n in range(len(rows))])
    return scan(rows.with_columns(quality), vectors, remembered=memory)


def scanned(*faces: dict, memory: pl.DataFrame | None = None) -> pl.DataFrame:
    return both(faces, memory)[0]


def remembered(*faces: dict) -> pl.DataFrame:
    return both(faces, None)[1]


class Searched:
    """How many faces were compared with everybody."""

    count = 0

    def pop_all(self) -> int:
        count, self.count = self.count, 0
        return count


@pytest.fixture
def searched(monkeypatch) -> Searched:
    counted = Searched()

    plain = Centres.nearest_other

    def nearest_other(self, rows, owners):
        counted.count += len(rows)
        return plain(self, rows, owners)

    monkeypatch.setattr(Centres, "nearest_other", nearest_other)
    monkeypatch.setattr(nearness, "_MOST_CHANGED", 1.0)
    return counted


def rules(*faces: dict) -> list[str]:
    return scanned(*faces)["rule"].to_list()


def people(*who: int, owner: int) -> list[dict]:
    return [face("high", person, owner=owner) for person in who]


def test_one_wrong_face_of_three_goes_and_the_right_ones_stay():
    found = scanned(*people(MIRA, BO, MIRA, owner=1), *people(BO, BO, BO, owner=7))
    assert found["rule"].to_list() == ["single_face", "nearer_to_another"] + ["single_face"] * 4
    assert found["other_performer_id"].to_list() == [None, 7, None, None, None, None]
    assert found["score"][1] > 0.7


def test_a_stranger_nobody_knows_is_far_from_the_others():
    found = scanned(*people(MIRA, MIRA, NOISE, owner=1))
    assert found["rule"].to_list() == ["single_face", "single_face", "far_from_own"]
    assert found["other_performer_id"].to_list() == [None] * 3


def test_an_only_face_that_is_another_performers():
    found = scanned(*people(BO, owner=1), *people(BO, BO, owner=7), *people(MIRA, owner=9))
    assert found["rule"].to_list() == ["face_of_another"] + ["single_face"] * 3
    assert found["other_performer_id"][0] == 7


def test_of_two_who_disagree_others_tell_or_both_stay_and_are_marked():
    known = people(BO, BO, owner=7)
    told = scanned(*people(BO, MIRA, owner=1), *known)
    assert told["rule"].to_list()[:2] == ["nearer_to_another", "single_face"]
    assert not told["disagrees"].any()
    kept = scanned(*people(MIRA, NOISE, owner=1), *known)
    assert kept["rule"].to_list() == ["single_face"] * 4
    assert kept["disagrees"].to_list() == [True, True, False, False]
    medium = face("medium", MIRA, rule="dominant_cluster")
    assert rules(medium, *people(NOISE, owner=1)) == ["dominant_cluster", "single_face"]


def test_of_three_of_whom_no_two_agree_the_best_one_stays():
    found = scanned(*people(MIRA, BO, NOISE, owner=1))
    assert found["rule"].to_list() == ["single_face", "far_from_own", "far_from_own"]
    assert not found["disagrees"].any()


def test_nothing_is_changed_where_nothing_is_wrong():
    assert rules(*people(MIRA, MIRA, owner=1), *people(BO, owner=2)) == ["single_face"] * 3
    assert rules(face("high", MIRA, rule="no_face")) == ["no_face"]


def test_the_order_of_faces_changes_nothing():
    dice = random.Random(2)
    faces = [
        face("high", dice.choice([owner, owner, owner, (owner + 1) % 6]), owner=owner)
        for owner in range(6)
        for _ in range(5)
    ]
    rows, vectors = frame(faces)
    rows = rows.with_columns(quality_score=pl.lit(1.0))
    keys = ["performer_id", "image_sha256"]
    columns = [*keys, "rule", "other_performer_id"]
    first = scan(rows, vectors)[0].sort(keys).select(columns).rows()
    assert len({row[2] for row in first}) > 1
    for seed in range(3):
        mixed = rows.sample(fraction=1, shuffle=True, seed=seed)
        assert scan(mixed, vectors)[0].sort(keys).select(columns).rows() == first


def crowd(dice: random.Random) -> list[dict]:
    """Faces of twelve people, about two in seven given to somebody else."""
    return [
        face("high", (owner + dice.choice([0, 0, 0, 0, 0, 1, 2])) % 12, owner=owner)
        for owner in range(12)
        for _ in range(dice.randrange(1, 6))
    ]


@pytest.fixture
def afresh(monkeypatch):
    """Scan as if every centre had changed: every face is searched again, by `searched`."""

    def run(*faces, **more):
        with monkeypatch.context() as patched:
            patched.setattr(nearness, "_MOST_CHANGED", -1.0)
            return scanned(*faces, **more)

    return run


def test_later_rounds_search_only_what_changed_and_find_the_same(afresh, searched):
    few = every = 0
    for seed in range(12):
        faces = crowd(random.Random(seed))
        found = scanned(*faces)
        few += searched.pop_all()
        assert_frame_equal(afresh(*faces), found, rel_tol=1e-5)
        every += searched.pop_all()
    assert few < every


def test_a_second_week_searches_only_what_changed_and_finds_the_same(afresh, searched):
    for seed in range(12):
        dice = random.Random(seed)
        before = crowd(dice)
        lost = dice.sample(before, 2)
        after = [f for f in before if not any(f is gone for gone in lost)]
        after += people(3, 5, owner=3) + people(12, 13, owner=30)
        memory = remembered(*before)
        expected = afresh(*after)
        every = searched.pop_all()
        assert_frame_equal(scanned(*after, memory=memory), expected, rel_tol=1e-5)
        assert 0 < searched.pop_all() < every


def test_nothing_new_is_searched_for_nothing(searched):
    faces = [*people(MIRA, MIRA, owner=1), *people(BO, owner=2), *people(5, owner=3)]
    memory = remembered(*faces)
    assert searched.pop_all() == 2
    assert_frame_equal(scanned(*faces, memory=memory), scanned(*faces))
    assert searched.pop_all() == 2  # by the second of them
