"""Limits are measured on a build's own faces, whatever the scale of its cosines."""

from __future__ import annotations

import numpy as np
import pytest

from tests.bench.bench_contamination import clustered, histogram, judged, keys_of
from trainer.faces.cache import FaceVectors
from trainer.faces.contamination import scan
from trainer.faces.limits import MIN_PERFORMERS, FaceLimits
from trainer.faces.measure_limits import Genuine, measure_limits, measure_one_person
from trainer.faces.similar_performers import SimilarPerformers


def world(performers=400, wrong=0.05, seed=3, common=0.0):
    """Faces of invented vectors, `wrong` of them somebody else's, half of these of listed people.

    `common`: how much of one direction is mixed into every vector.
    """
    dice = np.random.default_rng(seed)
    owners = np.repeat(np.arange(performers), histogram(performers, dice))
    misplaced = np.flatnonzero(dice.random(len(owners)) < wrong)
    people = owners.copy()
    people[misplaced[::2]] = dice.integers(0, performers, len(misplaced[::2]))
    strangers = len(misplaced[1::2])
    people[misplaced[1::2]] = performers + np.arange(strangers)
    slots = {}
    for slot in ("facenet", "arcface"):
        vectors = clustered(people, performers + strangers, dice).astype(np.float32)
        vectors[:, 100] += common
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        slots[slot] = vectors.astype(np.float16)
    names = [f"{number:07d}" for number in range(len(owners))]
    frame = judged(owners, dice.random(len(owners)), names)
    return frame, FaceVectors(keys_of(names), slots), people != owners, people < performers


def verdicts(frame, vectors):
    limits = measure_limits(frame, vectors, 7)
    return limits, scan(frame, vectors, limits)[0]["rule"].to_numpy()


def test_few_people_tell_too_little_and_the_run_says_so():
    frame, vectors, *_ = world(performers=MIN_PERFORMERS // 2)
    limits = measure_limits(frame, vectors, 7)
    assert not limits.measured
    assert limits.agreement == FaceLimits().agreement
    assert "too few to measure limits" in limits.describe()
    assert measure_one_person(frame, vectors, 7) == FaceLimits().one_person


def test_the_same_faces_give_the_same_limits_with_their_counts():
    frame, vectors, *_ = world()
    limits = measure_limits(frame, vectors, 7)
    assert limits.measured
    assert limits.genuine_pairs > 1_000
    assert limits.impostor_pairs > 1_000
    assert limits == measure_limits(frame.sample(fraction=1, shuffle=True, seed=1), vectors, 7)
    assert limits.as_json()["performers"] == limits.performers
    assert "limits measured on" in limits.describe()


@pytest.mark.parametrize("common", [0.5, 1.0])
def test_a_direction_in_common_changes_hardly_a_verdict(common):
    """It moves every cosine up: fixed limits would take nothing out, or everything in."""
    frame, vectors, *_ = world()
    plain, before = verdicts(frame, vectors)
    moved_frame, moved_vectors, *_ = world(common=common)
    moved, after = verdicts(moved_frame, moved_vectors)
    assert moved.agreement > plain.agreement + 0.05
    assert (before != "single_face").sum() > 20
    assert (before != after).mean() <= 0.01


def test_wrong_faces_are_found_and_right_ones_stay():
    frame, vectors, wrong, listed = world()
    _, rules = verdicts(frame, vectors)
    gone = rules != "single_face"
    assert gone[wrong & listed].mean() >= 0.93
    assert gone[~wrong].mean() <= 0.003


def test_what_wrong_faces_add_to_the_genuine_pairs_is_taken_off():
    draw = np.random.default_rng(1)
    genuine, impostor = (
        draw.normal(0.6, 0.1, 20_000),
        draw.normal(0.1, 0.1, 20_000).astype(np.float32),
    )
    mixed = np.concatenate([genuine, draw.normal(0.1, 0.1, 2_000)])
    found = Genuine(mixed, impostor)
    for share in (0.02, 0.1, 0.5):
        assert found.at(share) == pytest.approx(np.quantile(genuine, share), abs=0.03)
    assert found.gap == pytest.approx(0.5, abs=0.01)
    assert np.quantile(mixed, 0.02) < 0.2  # as it stands in the sample


def test_one_persons_means_are_nearer_than_two_peoples():
    frame, vectors, *_ = world(wrong=0.0)
    limits = measure_one_person(frame, vectors, 7)
    assert sorted(limits) == [2, 3, 4]
    assert limits[2] < limits[3] < limits[4] < 1
    empty = frame.clear()
    assert measure_one_person(empty, vectors, 7) == FaceLimits().one_person


@pytest.mark.parametrize("faces", range(1, 9))
def test_performers_who_all_have_the_same_number_of_faces(faces):
    """No performer may have enough faces for some sample: a source's cap, or a small source."""
    dice = np.random.default_rng(faces)
    owners = np.repeat(np.arange(300), faces)
    vectors = clustered(owners, 300, dice).astype(np.float16)
    names = [f"{number:07d}" for number in range(len(owners))]
    frame = judged(owners, dice.random(len(owners)), names)
    found = FaceVectors(keys_of(names), {"facenet": vectors, "arcface": vectors})
    limits = measure_limits(frame, found, 7)
    ruled, _ = scan(frame, found, limits)
    assert ruled["rule"].to_list().count("single_face") > 0.98 * ruled.height
    cosines = measure_one_person(frame, found, 7)
    assert sorted(cosines) == [2, 3, 4]
    assert SimilarPerformers(frame, found, cosines).pairs.is_empty()
