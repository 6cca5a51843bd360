"""Which turn of a picture its faces are taken from."""

from __future__ import annotations

import numpy as np
import pytest

from embedder.faces import Faces
from embedder.geometry import TEMPLATE_112, head_pose
from embedder.turns import (
    lean,
    stands_upright,
    turned_back,
    turned_boxes,
    turned_pixels,
    turned_points,
)
from embedder.upright import is_doubtful, upright

CLEAR, LEAST = 0.9, 0.6
SIZE = (400, 300)  # of the picture as it was published


def seen(*faces: tuple[int, int, float], turn: int = 0, side: int = 100) -> Faces:
    """Faces (left, top, score) that stand upright in the picture as it is turned; where they lie is
    said in the published picture."""
    count = len(faces)
    boxes = np.array([(x, y, side, side) for x, y, _ in faces], np.float32).reshape(count, 4)
    inside = turned_boxes(boxes, turn, *SIZE)
    points = inside[:, None, :2] + TEMPLATE_112[None] * side / 112
    scores = np.array([score for *_, score in faces], np.float32)
    found = Faces(inside, points.astype(np.float32), scores)
    return turned_back(found, turn, *SIZE)


NOBODY = Faces.none()


def places(faces: Faces) -> list[tuple[int, int, int]]:
    rows = zip(faces.boxes.round().tolist(), faces.turns.tolist(), strict=True)
    return [(int(box[0]), int(box[1]), turn) for box, turn in rows]


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_points_and_boxes_turn_with_the_pixels(turn: int) -> None:
    rgb = np.zeros((*SIZE[::-1], 3), np.uint8)
    rgb[50:60, 300:320] = 9
    turned = turned_pixels(rgb, turn)
    x, y, width, height = turned_boxes(np.array([300, 50, 20, 10], np.float32), turn, *SIZE).astype(
        int
    )
    assert (turned[y : y + height, x : x + width] == 9).all()
    assert turned.sum() == 9 * 3 * width * height
    corner = turned_points(np.array([[310, 55]], np.float32), turn, *SIZE)[0]
    assert corner.tolist() == [x + width / 2, y + height / 2]
    box = np.array([[x, y, width, height]], np.float32)
    there = Faces(box, np.zeros((1, 5, 2), np.float32), np.ones(1, np.float32))
    back = turned_back(there, turn, *SIZE)
    assert back.boxes.tolist() == [[300, 50, 20, 10]]
    assert back.turns.tolist() == [turn]


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_a_turned_face_stands_in_its_turn_alone(turn: int) -> None:
    points = seen((100, 100, 0.8), turn=turn).points[0]
    stands = [stands_upright(points, other) for other in range(4)]
    assert stands == [other == turn for other in range(4)]
    expected = {0: 0, 1: 90, 2: 180, 3: 90}[turn]
    assert lean(points) == pytest.approx(expected, abs=2)
    # A face that has to be turned back counter-clockwise was turned clockwise.
    assert (head_pose(points).roll - 90 * turn + 180) % 360 - 180 == pytest.approx(0, abs=2)


def test_a_profile_whose_eyes_are_close_together_stands() -> None:
    points = TEMPLATE_112.astype(np.float32).copy()
    points[1] = points[0] + (2, 6)  # the line of the eyes alone would say 70 degrees
    assert stands_upright(points, 0)


@pytest.mark.parametrize(
    ("faces", "doubtful"),
    [
        (seen((10, 10, 0.95)), False),
        (seen((10, 10, 0.85)), True),
        (seen((10, 10, 0.95), (200, 10, 0.7)), True),
        (seen((10, 10, 0.95), turn=1), True),  # its points lie turned, whatever its score is
        (NOBODY, True),
    ],
)
def test_what_is_looked_at_again(faces: Faces, doubtful: bool) -> None:
    # As the picture's own faces: only the points tell that one is turned.
    assert is_doubtful(Faces(faces.boxes, faces.points, faces.scores), CLEAR) is doubtful


def test_small_faces_in_the_background_are_no_reason_to_look_again() -> None:
    large, small = seen((10, 10, 0.95)), seen((200, 10, 0.65), side=30)
    assert not is_doubtful(Faces.joined([large, small]), CLEAR)


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_the_turn_with_the_best_score_stays(turn: int) -> None:
    looks = [seen((100, 100, 0.7), turn=other) for other in (1, 2, 3)]
    looks[turn - 1] = seen((104, 96, 0.95), turn=turn)
    assert places(upright(seen((100, 100, 0.85)), looks, CLEAR, LEAST)) == [(104, 96, turn)]


def test_a_weak_face_stays_as_it_is_where_no_turn_is_better() -> None:
    asis = seen((100, 100, 0.75))
    looks = [seen((100, 100, score), turn=turn) for turn, score in ((1, 0.7), (2, 0.75), (3, 0.61))]
    assert upright(asis, looks, CLEAR, LEAST) is asis


def test_points_count_before_scores() -> None:
    """Detectors that follow a turned face with their points may be surer of it as it is."""
    lying = seen((100, 100, 0.85), turn=1)
    asis = Faces(lying.boxes, lying.points, lying.scores)
    looks = [seen((100, 100, 0.8), turn=1), NOBODY, NOBODY]
    assert places(upright(asis, looks, CLEAR, LEAST)) == [(100, 100, 1)]


def test_a_false_face_goes_with_the_turn_that_it_was_found_in() -> None:
    looks = [NOBODY, seen((10, 10, 0.95), turn=2), NOBODY]
    assert places(upright(seen((250, 150, 0.65)), looks, CLEAR, LEAST)) == [(10, 10, 2)]


def test_of_two_pictures_in_one_only_the_turned_one_is_turned() -> None:
    asis = seen((10, 10, 0.95), (250, 150, 0.7))
    looks = [seen((10, 10, 0.7), (252, 148, 0.94), turn=1), NOBODY, seen((250, 150, 0.75), turn=3)]
    assert places(upright(asis, looks, CLEAR, LEAST)) == [(10, 10, 0), (252, 148, 1)]


def test_two_turned_pictures_in_one_each_in_its_own_turn() -> None:
    looks = [
        seen((10, 10, 0.96), (250, 150, 0.7), turn=1),
        seen((10, 10, 0.7), turn=2),
        seen((250, 150, 0.95), turn=3),
    ]
    asis = seen((10, 10, 0.8), (250, 150, 0.8))
    assert places(upright(asis, looks, CLEAR, LEAST)) == [(10, 10, 1), (250, 150, 3)]


@pytest.mark.parametrize(("score", "found"), [(0.7, []), (0.8, [(10, 10, 3)])])
def test_where_nobody_is_seen_a_turn_has_to_be_surer_than_usual(
    score: float, found: list[tuple[int, int, int]]
) -> None:
    looks = [NOBODY, NOBODY, seen((10, 10, score), turn=3)]
    assert places(upright(NOBODY, looks, CLEAR, LEAST)) == found
