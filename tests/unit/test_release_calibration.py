"""The curve of errors over the maximum distance, and which distance keeps them small."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from tests.release_fixtures import small_release
from tests.release_world import by_both_models
from trainer.release.calibration import (
    CALIBRATION_JSON,
    TARGETS,
    curve,
    safe_distances,
    write_calibration,
)
from trainer.release.distinct_people import one_label_each
from trainer.release.evaluate import evaluate, evaluate_vectors
from trainer.release.export import export
from trainer.release.readme import README, readme
from trainer.release.search_results import SearchResults


def answers(best, own=None, rank=None):
    best = np.array(best, float)
    own = best if own is None else np.array(own, float)
    rank = np.ones(len(best)) if rank is None else np.array(rank, float)
    return SearchResults(np.zeros(len(best), np.int64), best, own, rank)


def test_the_curve_has_a_point_each_hundredth_and_rises_where_it_has_to():
    named = answers([0.1, 0.2, 0.35], own=[0.1, 0.2, np.inf], rank=[1, 1, np.inf])
    points = curve(named, answers([0.3, 0.45, 0.9]))
    assert [point.distance for point in points] == [n / 100 for n in range(101)]
    at = {point.distance: point for point in points}
    assert at[0.29].false_accept == 0
    assert at[0.3].false_accept == pytest.approx(1 / 3)
    assert at[0.9].false_accept == 1
    assert at[0.15].false_reject == pytest.approx(2 / 3)
    assert at[1.0].false_reject == pytest.approx(1 / 3)
    assert at[0.34].wrong_name == 0
    assert at[0.35].wrong_name == pytest.approx(1 / 3)
    accepts = [point.false_accept for point in points if point.false_accept is not None]
    assert len(accepts) == len(points)
    assert accepts == sorted(accepts)


def test_a_safe_distance_is_the_largest_that_keeps_what_it_says():
    """Of 10,000 strangers at 0.2001, 0.2002, ... 100 may be named at 1%, 10 at 0.1%, 1 at 0.01%."""
    best = 0.2 + np.arange(1, 10_001) / 10_000
    found = safe_distances(answers([0.1, 0.5]), answers(best), performers=1_000)
    assert [safe.max_false_accept for safe in found] == list(TARGETS)
    assert [safe.distance for safe in found] == [0.21, 0.201, 0.2]
    for safe in found:
        assert safe.false_accept is not None and safe.false_accept_interval is not None
        assert safe.distance is not None
        assert safe.false_accept <= safe.max_false_accept
        assert (best <= safe.distance + 0.001).mean() > safe.max_false_accept
        assert safe.false_accept_interval[0] <= safe.false_accept <= safe.false_accept_interval[1]
        assert safe.right_name == 0.5
    assert [safe.resolved for safe in found] == [True, True, True]


def test_shares_too_small_for_the_number_of_strangers_say_so():
    found = safe_distances(answers([0.1]), answers(np.linspace(0.3, 0.9, 500)), performers=50)
    assert [safe.resolved for safe in found] == [True, False, False]
    assert found[1].distance == found[2].distance == 0.299
    assert found[2].false_accept == 0
    assert found[2].false_accept_interval is not None
    assert found[2].false_accept_interval[1] > 0.001


def test_a_stranger_at_distance_zero_leaves_no_safe_distance():
    found = safe_distances(answers([0.1]), answers([0.0, 0.4]), performers=5)
    assert [safe.distance for safe in found] == [None, None, None]
    assert found[0].right_name == 0


def test_nothing_measured_is_no_safe_distance():
    found = safe_distances(answers([]), answers([]), performers=0)
    assert [safe.distance for safe in found] == [None, None, None]
    assert found[0].false_accept is None
    assert found[0].extrapolated == {}


def test_false_accepts_are_extrapolated_to_the_release_and_to_larger_ones():
    best = np.concatenate([np.full(5, 0.1), np.full(995, 0.9)])
    safe = safe_distances(answers([0.05]), answers(best), performers=101)[0]
    assert safe.false_accept == 0.005
    assert list(safe.extrapolated) == [101, 1_000, 10_000, 100_000]
    assert safe.extrapolated[101] == pytest.approx(safe.false_accept_interval, rel=0.02)
    low, high = safe.extrapolated[1_000]
    assert low < 1 - 0.995**10 < high
    assert high < safe.extrapolated[10_000][1] < 1


def test_none_seen_is_not_none_expected():
    safe = safe_distances(answers([0.05]), answers(np.full(1_000, 0.9)), performers=101)[0]
    assert safe.false_accept == 0
    assert safe.extrapolated[100_000][1] > 0.9


def test_two_entries_of_one_person_are_no_strangers():
    """The figures with and without; the gate's are those without."""
    owners = [n // 5 for n in range(300)]
    people = [owner // 2 for owner in owners]  # every two performers are one person
    same = by_both_models(people)
    apart = evaluate_vectors(*same, np.array(owners), seed=0, sample=300, people=np.array(people))
    assert [p.false_accept for p in apart.open_set.points if p.threshold == 0.5] == [1.0]
    assert apart.at(0.5).false_accept == 0.0
    assert apart.open_set_distinct is not None
    safest = apart.safe_distances[0].distance
    assert safest is not None and safest > 0.5
    without = evaluate_vectors(*same, np.array(owners), seed=0, sample=300)
    assert without.open_set_distinct is None
    assert without.at(0.5).false_accept == 1.0


def test_pairs_join_whoever_is_joined_by_others():
    labels, ids = np.array([0, 0, 1, 2, 3]), np.array([11, 11, 12, 13, 14])
    joined = one_label_each(labels, ids, {(13, 12), (11, 13)})
    assert joined is not None and joined.tolist() == [0, 0, 0, 0, 3]
    assert one_label_each(labels, ids, {(99, 12)}) is None
    assert one_label_each(labels, ids, ()) is None


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    directory = small_release(tmp_path_factory.mktemp("calibrated"))
    measured = evaluate(directory, seed=0)
    write_calibration(directory, measured.curve, measured.safe_distances, measured.note)
    return directory


def test_the_release_and_its_export_say_which_distance_to_choose(release, tmp_path):
    stored = json.loads((release / CALIBRATION_JSON).read_text())
    manifest = json.loads((release / "manifest.json").read_text())
    assert stored["model_pack"] == manifest["models"]["pack"]
    assert len(stored["curve"]) == 101
    with zipfile.ZipFile(export(release, tmp_path)) as archive:
        assert json.loads(archive.read(CALIBRATION_JSON)) == stored
        text = archive.read(README).decode()
    assert "| at most 1% | " in text
    assert "At 0.5, the sidecar's scene mode, " in text
    assert f"Face database {manifest['version']}" in text
    assert "A match is a suggestion" in text


def test_the_readme_shows_degraded_copies_where_they_were_measured(release):
    calibration = json.loads((release / CALIBRATION_JSON).read_text())
    manifest = json.loads((release / "manifest.json").read_text())
    heading = "## Pictures that are worse than these"
    assert heading not in readme(manifest, calibration)
    found = {"queries": 1200, "no_face": 3, "rank_1": 0.9, "false_reject": 0.25}
    calibration["scene_queries"] = {"as_is": found | {"safe_false_reject": None}}
    text = readme(manifest, calibration)
    assert heading in text
    assert "| as is | 1,200 | 3 | 90% | 25% | not measured |" in text
    del calibration["scene_queries"]  # of an older trainer
    assert heading not in readme(manifest, calibration)


def test_a_release_without_calibration_has_a_readme_too():
    manifest = {"version": "2026.11.01", "performer_count": 2, "face_count": 9, "models": {}}
    text = readme(manifest, None)
    assert "maximum distance" not in text
    assert "2 performers, 9 faces" in text
