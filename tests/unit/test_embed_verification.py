"""Verification figures on vectors whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from embedder.verification import best_threshold, rank_1, sample_pairs, verification


def world(people: int, images: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(3)
    centres = generator.normal(size=(people, 64))
    vectors = np.repeat(centres, images, 0) + noise * generator.normal(size=(people * images, 64))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), np.repeat(np.arange(people).astype(str), images)


def test_people_who_are_far_apart_are_told_apart() -> None:
    vectors, people = world(30, 5, 0.3)
    found = verification(vectors, people, 400, np.random.default_rng(1))
    assert found["pairs"] == 400
    assert found["verification"] > 0.99 and 0.3 < found["threshold"] < 1
    assert rank_1(vectors, people) == 1


def test_shuffled_names_give_a_coin() -> None:
    vectors, people = world(30, 5, 0.3)
    shuffled = np.random.default_rng(7).permutation(people)
    found = verification(vectors, shuffled, 600, np.random.default_rng(1))
    assert 0.4 < found["verification"] < 0.6
    by_chance = rank_1(vectors, shuffled)
    assert by_chance is not None and by_chance < 0.2


def test_pairs_are_half_of_each_kind_and_never_twice() -> None:
    _, people = world(6, 3, 1)
    pairs, same = sample_pairs(people, 1000, np.random.default_rng(2))
    assert len(pairs) == 36 and same.sum() == 18  # 6 people x 3 pairs of theirs
    assert len({tuple(pair) for pair in pairs.tolist()}) == 36
    assert (people[pairs[:, 0]] == people[pairs[:, 1]]).tolist() == same.tolist()


@pytest.mark.parametrize(
    ("cosines", "same", "expected"),
    [
        ([0.1, 0.2, 0.6, 0.7], [False, False, True, True], 0.6),
        ([0.1, 0.5, 0.4, 0.9], [False, False, True, True], 0.4),
        ([0.3, 0.2], [False, False], np.inf),
    ],
)
def test_the_threshold_is_right_most_often(
    cosines: list[float], same: list[bool], expected: float
) -> None:
    got = best_threshold(np.array(cosines, np.float32), np.array(same))
    assert got == pytest.approx(expected)


def test_rank_1_without_second_pictures_is_no_number() -> None:
    vectors, _ = world(3, 1, 0.1)
    assert rank_1(vectors, np.array(["a", "b", "c"])) is None
