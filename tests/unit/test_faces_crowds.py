"""Performers of whom no picture shows one face only: what the largest faces of several say."""

from __future__ import annotations

import random

import pytest

from tests.bench.bench_crowds import KINDS, WRONG, counted, simulated
from tests.unit.invented_faces import BO, MIRA, NOISE, WREN, face, frame, image
from trainer.faces.crowds import CLEARLY_LARGEST, with_times_next
from trainer.faces.limits import FaceLimits
from trainer.faces.select import ACCEPTED, LARGEST, LARGEST_AGREE, SEVERAL, TRUSTED
from trainer.faces.trust import settle

CLEAR, LARGER = CLEARLY_LARGEST * 1.2, CLEARLY_LARGEST * 0.6
KEYS = ["performer_id", "image_sha256", "face_no"]


def rules(*faces: dict) -> list[str]:
    return settle(*frame(list(faces)))["rule"].to_list()


@pytest.mark.parametrize("trust", ["high", "medium"])
def test_largest_faces_that_agree_vouch_for_each_other(trust):
    faces = [*image(trust, (BO, 1), (MIRA, LARGER)), *image(trust, (MIRA, LARGER), (NOISE, 1))]
    assert rules(*faces) == [SEVERAL, LARGEST_AGREE, LARGEST_AGREE, SEVERAL]


def test_largest_faces_that_differ_say_nothing():
    faces = [*image("medium", (BO, CLEAR), (MIRA, 1)), *image("medium", (MIRA, CLEAR), (NOISE, 1))]
    assert rules(*faces) == [SEVERAL] * 4


def test_of_a_couple_only_the_clearly_largest_can_be_told():
    def together(one: float, other: float) -> list[str]:
        images = [image("medium", (MIRA, area), (BO, 1)) for area in (one, other)]
        return rules(*images[0], *images[1])

    assert together(LARGER, LARGER) == [SEVERAL] * 4
    assert together(LARGER, CLEAR) == [SEVERAL] * 4
    assert together(CLEAR, CLEAR) == [LARGEST_AGREE, SEVERAL] * 2


def test_a_couple_of_whom_each_is_the_largest_as_often_is_a_question():
    first = [f for _ in range(2) for f in image("high", (MIRA, CLEAR), (BO, 1))]
    second = [f for _ in range(2) for f in image("high", (BO, CLEAR), (MIRA, 1))]
    assert rules(*first, *second) == [SEVERAL] * 8
    assert rules(*first, *second[:2]) == [LARGEST_AGREE, SEVERAL] * 2 + [
        SEVERAL,
        "agrees_with_single_faces",
    ]


def test_twins_in_every_picture_are_never_told_apart_by_their_faces():
    twins = [f for _ in range(3) for f in image("high", (MIRA, LARGER), (MIRA, 1))]
    assert rules(*twins) == [SEVERAL] * 6


def test_a_copy_of_a_picture_vouches_for_nothing():
    def images(*hashes: bytes) -> list[dict]:
        return [f for h in hashes for f in image("medium", (MIRA, CLEAR), (BO, 1), phash=h)]

    copies = images(bytes(8), bytes(7) + b"\x03")
    assert rules(*copies) == [SEVERAL] * 4
    # Nor does it outvote two pictures that do vouch for each other.
    others = [f for _ in range(2) for f in image("medium", (NOISE, CLEAR), (WREN, 1))]
    assert rules(*copies, *others) == [SEVERAL] * 4 + [LARGEST_AGREE, SEVERAL] * 2
    assert rules(*images(bytes(8), b"\xff" * 8)) == [LARGEST_AGREE, SEVERAL] * 2


@pytest.mark.parametrize("trust", ["high", "medium", "low"])
def test_of_two_equal_faces_none_is_the_largest(trust):
    faces = [f for other in (BO, NOISE) for f in image(trust, (MIRA, 1), (other, 1))]
    assert rules(*faces) == [SEVERAL] * 4


@pytest.mark.parametrize(
    ("trust", "area", "rule"),
    [
        ("high", CLEARLY_LARGEST * 1.01, LARGEST),
        ("high", CLEARLY_LARGEST * 0.99, SEVERAL),
        ("medium", 20, SEVERAL),
        ("low", 20, SEVERAL),
    ],
)
def test_only_a_trusted_source_has_its_clearly_largest_face_taken_alone(trust, area, rule):
    assert rules(*image(trust, (BO, 1), (MIRA, area))) == [SEVERAL, rule]


def test_faces_of_low_trust_need_another_source():
    one = [f for other in (BO, NOISE) for f in image("low", (MIRA, CLEAR), (other, 1))]
    assert rules(*one) == [SEVERAL] * 4
    another = image("low", (MIRA, CLEAR), (WREN, 1), source="low2")
    assert rules(*one, *another) == [LARGEST_AGREE, SEVERAL] * 3


def test_who_has_an_accepted_face_is_judged_by_it():
    faces = [f for _ in range(2) for f in image("high", (BO, CLEAR), (MIRA, 1))]
    assert rules(face("high", MIRA), *faces) == [
        "single_face",
        *[SEVERAL, "agrees_with_single_faces"] * 2,
    ]


def test_two_clearly_largest_people_contradict_each_other():
    mira, bo = image("high", (MIRA, CLEAR), (WREN, 1)), image("high", (BO, CLEAR), (NOISE, 1))
    assert rules(*mira, *bo) == [SEVERAL] * 4
    # Whoever is in another picture as well is it, of whatever size.
    small = image("high", (NOISE, CLEAR), (MIRA, 1))
    assert rules(*mira, *small) == [LARGEST, SEVERAL, SEVERAL, "agrees_with_single_faces"]


def test_single_faces_are_measured_by_the_largest_ones():
    faces = [*image("high", (MIRA, CLEAR), (BO, 1)), face("medium", MIRA), face("low", BO)]
    strict = FaceLimits(pair=0.95)  # no two faces vouch for each other
    assert settle(*frame(faces), strict)["rule"].to_list() == [
        LARGEST,
        SEVERAL,
        TRUSTED,
        "no_dominant_cluster",
    ]


def test_a_single_face_and_a_largest_one_vouch_for_each_other():
    medium = image("medium", (MIRA, LARGER), (BO, 1))
    assert rules(*medium, face("medium", MIRA)) == [LARGEST_AGREE, SEVERAL, LARGEST_AGREE]
    assert rules(*medium, face("medium", BO)) == [SEVERAL, SEVERAL, "no_trusted_face"]
    assert rules(*medium, face("low", MIRA)) == [LARGEST_AGREE, SEVERAL, LARGEST_AGREE]


def test_other_crowds_are_measured_by_the_largest_faces():
    largest, medium = image("high", (MIRA, CLEAR), (BO, 1)), image("medium", (NOISE, 9), (MIRA, 1))
    assert rules(*largest, *medium)[2:] == [SEVERAL, "agrees_with_single_faces"]


def test_a_face_without_a_box_may_be_the_largest():
    mira = image("high", (MIRA, 9), (BO, 1))
    refused = mira[1] | {"rule": "refused: turned", "box": None, "face_no": -1}
    assert rules(mira[0], refused) == [SEVERAL, "refused: turned"]


@pytest.mark.parametrize(("area", "rule"), [(1, LARGEST), (3, SEVERAL)])
def test_faces_that_are_too_small_count_by_their_size(area, rule):
    mira, other = image("high", (MIRA, 4), (BO, area))
    small = other | {"rule": "face_too_small"}
    assert rules(mira, small) == [rule, "face_too_small"]


def test_times_next_is_how_many_times_the_next_faces_area_it_has():
    faces = [*image("high", (MIRA, 6), (BO, 2), (WREN, 1)), face("high", MIRA)]
    rows, _ = frame(faces)
    times = with_times_next(rows, rows)["times_next"].to_list()
    assert times == pytest.approx([3, 1 / 3, 1 / 6, float("inf")], rel=1e-4)


def some_faces(dice: random.Random) -> list[dict]:
    """Of 30 performers, MIRA each; all have pictures with several faces."""
    faces = []
    for owner in range(1, 31):
        for _ in range(dice.randint(1, 4)):
            area = dice.choice([0.5, 1, LARGER, CLEAR, 9])
            people = [(MIRA, area), *[(dice.choice([BO, NOISE, WREN]), 1)] * dice.randint(1, 2)]
            trust = dice.choice(["high", "medium", "low"])
            source = f"{trust}{dice.randint(1, 2)}"
            faces += image(trust, *people, owner=owner, source=source)
        if owner % 3 == 0:
            faces.append(face("medium", dice.choice([MIRA, BO]), owner=owner))
    return faces


def by_key(faces: list[dict]) -> dict[tuple, str]:
    return {row[:3]: row[3] for row in settle(*frame(faces)).select(*KEYS, "rule").rows()}


@pytest.mark.parametrize("seed", range(4))
def test_the_order_of_faces_and_pictures_changes_nothing(seed):
    dice = random.Random(seed)
    faces = some_faces(dice)
    first = by_key(faces)
    assert set(first.values()) >= {LARGEST, LARGEST_AGREE, SEVERAL}
    dice.shuffle(faces)
    assert by_key(faces) == first


@pytest.mark.parametrize("seed", range(4))
def test_a_face_that_is_taken_is_taken_when_it_is_larger(seed):
    dice = random.Random(seed)
    faces = some_faces(dice)
    first = by_key(faces)
    for f in faces:
        if first[f["performer_id"], f["image_sha256"], f["face_no"]] in (LARGEST, LARGEST_AGREE):
            f["box"] = [*f["box"][:2], *(side * dice.choice([1, 1.5, 3]) for side in f["box"][2:])]
    after = by_key(faces)
    taken = [key for key, rule in first.items() if rule in ACCEPTED]
    assert len(taken) > 20
    assert [key for key in taken if after[key] not in ACCEPTED] == []


def test_performers_do_not_change_each_other():
    dice = random.Random(9)
    faces = some_faces(dice)
    together = by_key(faces)
    for owner in range(1, 31):
        own = [f for f in faces if f["performer_id"] == owner]
        assert by_key(own).items() <= together.items()


def test_nothing_to_decide_is_no_fault():
    rows, vectors = frame([face("high", MIRA), face("medium", MIRA)])
    assert settle(rows, vectors)["rule"].to_list() == ["single_face", TRUSTED]
    empty = rows.clear()
    assert settle(empty, vectors).equals(empty)
    assert with_times_next(empty, rows).height == 0


def test_few_of_the_faces_that_are_taken_are_somebody_elses():
    """As `make bench-crowds` measures it: 5% of the pictures are wrong, some show couples."""
    found = counted(*simulated(performers=500, seed=1))[CLEARLY_LARGEST]
    agree, largest = found["agree: faces"], found["largest: faces"]
    assert found["all: saved"] >= 0.4 * found["people"]
    assert agree > 50
    assert sum(found[f"agree: {kind}"] for kind in (*KINDS, WRONG)) <= 0.01 * agree
    assert largest > 20
    assert found["largest: side by side"] <= 0.02 * largest
    assert found["largest: in front of others"] == 0
