"""Distances of genuine and impostor pairs, on vectors whose distances are known."""

from __future__ import annotations

import numpy as np

from tests.release_world import by_both_models
from trainer.release.pair_distances import STEP, STEPS, pair_distances
from trainer.release.search_results import Gallery


def axes(labels: list[int]) -> np.ndarray:
    """One direction per label: 0 to one's own, 1 to everybody else's."""
    found = np.zeros((len(labels), 512), np.float32)
    found[np.arange(len(labels)), labels] = 1.0
    return found


def gallery(labels: list[int], people: list[int] | None = None) -> Gallery:
    vectors = axes(labels)
    own = None if people is None else np.array(people)
    return Gallery(vectors, vectors, np.array(labels), own)


def test_each_pair_is_counted_at_its_distance():
    found = pair_distances(gallery([0, 0, 0, 1, 2, 2]), seed=1, most=500)
    assert found.genuine[0] == sum(found.genuine) == 5  # the face without another has none
    assert found.impostor[round(1 / STEP)] == sum(found.impostor) > 300
    assert len(found.genuine) == len(found.impostor) == STEPS


def test_no_face_is_paired_with_itself():
    vectors = np.eye(4, 512, dtype=np.float32)
    found = pair_distances(Gallery(vectors, vectors, np.array([0, 0, 0, 0])), seed=1)
    assert (sum(found.genuine), found.genuine[0], sum(found.impostor)) == (4, 0, 0)


def test_two_entries_of_one_person_are_no_impostor_pair():
    assert sum(pair_distances(gallery([0, 1], [7, 7]), seed=1).impostor) == 0


def test_it_is_the_same_for_the_same_seed_and_never_more_than_asked_for():
    owners = [n // 4 for n in range(400)]
    facenet, arcface = by_both_models(owners)
    everyone = Gallery(facenet, arcface, np.array(owners))
    found = pair_distances(everyone, seed=3, most=100)
    assert found == pair_distances(everyone, seed=3, most=100)
    assert sum(found.genuine) == 100
    assert sum(found.impostor) <= 100
    middle = [np.average(np.arange(STEPS), weights=c) for c in (found.genuine, found.impostor)]
    assert middle[0] < middle[1]


def test_an_empty_release_has_no_pairs():
    nobody = Gallery(
        np.zeros((0, 512), np.float32), np.zeros((0, 512), np.float32), np.zeros(0, int)
    )
    found = pair_distances(nobody, seed=1)
    assert sum(found.genuine) == sum(found.impostor) == 0
