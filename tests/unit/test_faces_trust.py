"""Faces that need others' agreement: by trust, whatever the order of sources and faces."""

from __future__ import annotations

import random

import numpy as np
import polars as pl
import pytest

from tests.unit.invented_faces import BO, MIRA, NOISE, face, frame
from trainer.errors import DamagedFileError
from trainer.faces.agreement import agreement, distinct_images, dominant
from trainer.faces.cache import FaceVectors
from trainer.faces.trust import in_doubt, settle


def rules(*faces: dict) -> list[str]:
    return settle(*frame(list(faces)))["rule"].to_list()


def test_high_trust_is_taken_as_it_is():
    assert rules(face("high", MIRA), face("high", BO)) == ["single_face"] * 2


@pytest.mark.parametrize("trust", ["medium", "low"])
def test_a_doubtful_source_is_measured_by_the_trusted_faces(trust):
    trusted = [face("high", MIRA) for _ in range(3)]
    assert rules(*trusted, face(trust, MIRA), face(trust, BO))[3:] == [
        "agrees_with_trusted",
        "disagrees_with_trusted",
    ]


def test_many_wrong_faces_do_not_outvote_a_trusted_one():
    wrong = [face("medium", BO) for _ in range(8)]
    assert rules(face("high", MIRA), *wrong)[1:] == ["disagrees_with_trusted"] * 8


def test_the_trusted_faces_of_another_performer_say_nothing():
    assert rules(face("high", MIRA, owner=2), face("medium", MIRA, owner=1)) == [
        "single_face",
        "no_trusted_face",
    ]


def test_without_a_trusted_face_the_dominant_cluster_is_taken():
    mira = [face("medium", MIRA) for _ in range(3)]
    assert rules(*mira, face("medium", BO)) == ["dominant_cluster"] * 3 + [
        "outside_dominant_cluster"
    ]


def test_one_face_alone_is_no_cluster():
    assert rules(face("medium", MIRA)) == ["no_trusted_face"]
    assert rules(face("medium", MIRA), face("medium", BO)) == ["no_dominant_cluster"] * 2


def test_two_equal_clusters_are_a_question_and_no_answer():
    pair = [face("medium", who) for who in (MIRA, MIRA, BO, BO)]
    assert rules(*pair) == ["no_dominant_cluster"] * 4


def test_one_picture_in_two_sizes_does_not_agree_with_itself():
    twice = [face("medium", MIRA, phash=bytes(8)), face("medium", MIRA, phash=bytes(7) + b"\x03")]
    assert rules(*twice) == ["no_dominant_cluster"] * 2
    assert distinct_images([("a", bytes(8)), ("b", b"\xff" * 8), ("c", bytes(8))]) == 2
    assert distinct_images([("a", None), ("b", None), ("a", None)]) == 2


def test_low_trust_joins_a_cluster_only_beside_another_source():
    low = [face("low", MIRA) for _ in range(3)]
    assert rules(*low) == ["no_dominant_cluster"] * 3
    assert rules(*low, face("low", MIRA, source="low2")) == ["dominant_cluster"] * 4
    medium = [face("medium", MIRA) for _ in range(2)]
    assert rules(*medium, *low, face("low", BO)) == ["dominant_cluster"] * 5 + [
        "outside_dominant_cluster"
    ]


def test_many_low_faces_do_not_outvote_medium_ones():
    low = [face("low", BO) for _ in range(6)]
    assert (
        rules(face("medium", MIRA), face("medium", MIRA), *low)
        == ["dominant_cluster"] * 2 + ["outside_dominant_cluster"] * 6
    )


def crowd(*people: int, sha: str) -> list[dict]:
    """Faces of one size: none of them is the largest."""
    return [
        face("high", p, rule="several_faces", no=n, sha=sha, of=len(people))
        for n, p in enumerate(people)
    ]


def test_of_a_crowd_the_face_that_agrees_and_leads_is_taken():
    single = face("high", MIRA)
    assert rules(single, *crowd(BO, MIRA, sha="c"))[1:] == [
        "several_faces",
        "agrees_with_single_faces",
    ]
    assert rules(single, *crowd(MIRA, MIRA, sha="twins"))[1:] == ["several_faces"] * 2
    assert rules(single, *crowd(BO, NOISE, sha="strangers"))[1:] == ["several_faces"] * 2
    assert rules(*crowd(BO, MIRA, sha="alone")) == ["several_faces"] * 2


def test_a_crowd_is_compared_with_accepted_faces_of_any_trust():
    medium = [face("medium", MIRA) for _ in range(2)]
    assert rules(*medium, *crowd(BO, MIRA, sha="c"))[2:] == [
        "several_faces",
        "agrees_with_single_faces",
    ]
    refused = face("medium", MIRA)
    assert rules(refused, *crowd(BO, MIRA, sha="d"))[1:] == ["several_faces"] * 2


def test_the_order_of_sources_and_faces_changes_nothing():
    dice = random.Random(5)
    faces = [
        face(trust, dice.choice([MIRA, MIRA, BO]), owner=owner, source=f"{trust}{n % 2}")
        for owner in range(1, 13)
        for trust in ("high", "medium", "low")
        for n in range(dice.randrange(4))
        if trust != "high" or owner % 2
    ]
    faces += [f | {"performer_id": o} for o in (1, 2) for f in crowd(BO, MIRA, sha=f"crowd{o}")]

    def by_key(order: list[dict]) -> dict:
        keys = ["performer_id", "image_sha256", "face_no"]
        return {row[:3]: row[3] for row in settle(*frame(order)).select(*keys, "rule").rows()}

    first = by_key(faces)
    assert len(set(first.values())) > 4
    for _ in range(3):
        dice.shuffle(faces)
        assert by_key(faces) == first


def test_only_performers_in_doubt_are_looked_at():
    rows, _ = frame(
        [face("high", MIRA, owner=1), face("high", MIRA, owner=2), face("medium", MIRA, owner=2)]
    )
    assert in_doubt(rows)["performer_id"].to_list() == [2, 2]


def test_a_face_without_vectors_is_an_error_that_names_its_picture():
    rows, vectors = frame([face("medium", MIRA, sha="lost"), face("medium", MIRA)])
    short = FaceVectors(vectors.keys.filter(pl.col("image_sha256") != "lost"), vectors.slots)
    with pytest.raises(DamagedFileError, match="lost"):
        settle(rows, short)


def test_agreement_is_the_cosine_to_the_mean_in_both_models():
    faces = [face("high", MIRA), face("high", MIRA), face("medium", MIRA)]
    rows, vectors = frame(faces)
    own = rows.join(vectors.keys, on=["image_sha256", "face_no"], maintain_order="left")
    plain = [f["vector"].astype(np.float32) for f in faces]
    mean = plain[0] + plain[1]
    expected = plain[2] @ mean / np.linalg.norm(mean)
    assert agreement(vectors, own[[2]], own[:2])[0] == pytest.approx(expected, abs=1e-4)
    nobody = own[[2]].with_columns(performer_id=pl.lit(99, pl.Int64))
    assert np.isnan(agreement(vectors, nobody, own[:2])[0])


def test_a_dominant_group_leads():
    alike = np.full((5, 5), 0.1, np.float32)
    alike[:3, :3] = alike[3:, 3:] = 0.9
    np.fill_diagonal(alike, 1)
    assert dominant(alike, 0.55) == [0, 1, 2]
    assert dominant(alike[1:, 1:], 0.55) is None
    assert dominant(np.eye(3, dtype=np.float32), 0.55) is None
