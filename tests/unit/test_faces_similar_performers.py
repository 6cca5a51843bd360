"""People listed twice are found by their faces, and asked about."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from trainer.faces import near_pairs, similar_performers
from trainer.faces.cache import FaceVectors
from trainer.faces.one_person import one_person_reviews
from trainer.faces.similar_performers import SimilarPerformers
from trainer.identity.decisions import Decision

LIMITS = {2: 0.6, 3: 0.7, 4: 0.8}


def world(people, per_performer=4, noise=0.5, seed=1, directions=512):
    """Faces of performers 1, 2, ...; `people` says who each of them really is."""
    draw = np.random.default_rng(seed)
    owners = np.repeat(np.arange(1, len(people) + 1), per_performer)
    who = np.repeat(np.asarray(people), per_performer)
    middle = np.zeros((max(people) + 1, 512))
    middle[:, :directions] = draw.standard_normal((len(middle), directions))
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    scatter = draw.standard_normal((len(who), 512)) / np.sqrt(512)
    vectors = middle[who] + noise * scatter
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    frame = pl.DataFrame(
        {
            "performer_id": owners,
            "image_sha256": [f"{number:05d}" for number in range(len(owners))],
            "face_no": pl.Series([0] * len(owners), dtype=pl.Int16),
        }
    )
    keys = frame.select("image_sha256", "face_no").with_row_index("row")
    keys = keys.with_columns(pl.col("row").cast(pl.Int64))
    return frame, FaceVectors(keys, {"facenet": unit, "arcface": unit})


def found(similar):
    return similar.pairs.select("performer_id", "other_performer_id").rows()


def test_two_entries_of_one_person_are_a_pair_and_others_are_none():
    frame, vectors = world([0, 1, 2, 1, 3, 0])
    similar = SimilarPerformers(frame, vectors, LIMITS)
    assert found(similar) == [(1, 6), (2, 4)]
    assert similar.pairs["faces"].to_list() == [4, 4]
    assert min(similar.pairs["cosine"].to_list()) > 0.8


@pytest.mark.parametrize("per_performer", [1, 2, 3])
def test_few_faces_need_a_limit_of_their_own_and_one_says_nothing(per_performer):
    frame, vectors = world([0, 0, 1], per_performer, noise=0.9)
    cosine = {2: 0.72, 3: 0.8}.get(per_performer)
    for limit, pairs in ((0.5, [(1, 2)]), (0.97, [])):
        limits = {2: 0.97, 3: 0.97, 4: 0.97} | {per_performer: limit}
        wanted = pairs if cosine else []
        assert found(SimilarPerformers(frame, vectors, limits)) == wanted


@pytest.mark.parametrize("directions", [20, 512])
def test_the_filter_misses_no_pair_of_an_exact_search(directions, monkeypatch):
    """With all directions the first filter holds little, and still loses nothing."""
    monkeypatch.setattr(near_pairs, "_TILE", 64)
    monkeypatch.setattr(near_pairs, "_SQUARE", 64)
    people = [*range(300), *range(0, 300, 3)]
    frame, vectors = world(people, noise=1.0, directions=directions)
    similar = SimilarPerformers(frame, vectors, {2: 0.45, 3: 0.45, 4: 0.45})
    sums = np.add.reduceat(vectors.rows("facenet", np.arange(len(frame))), range(0, len(frame), 4))
    means = sums / np.linalg.norm(sums, axis=1, keepdims=True)
    near = np.triu(means @ means.T, 1)
    left, right = np.nonzero(near >= 0.45)
    exact = set(zip((left + 1).tolist(), (right + 1).tolist(), strict=True))
    assert len(exact) >= 100
    assert len(exact ^ set(found(similar))) <= 1  # float16 rounding at the limit itself


def test_the_next_build_compares_only_who_changed(monkeypatch):
    frame, vectors = world([*range(60), 5, 7], seed=4)
    before = SimilarPerformers(frame, vectors, LIMITS)
    assert found(before) == [(6, 61), (8, 62)]
    asked = []
    plain = near_pairs.pairs_of

    def counted(units, some, floor):
        asked.append(len(some))
        return plain(units, some, floor)

    monkeypatch.setattr(similar_performers, "pairs_of", counted)
    fewer = frame.filter(pl.col("image_sha256") != frame["image_sha256"][0])
    again = SimilarPerformers(fewer, vectors, LIMITS, before.memory)
    assert asked == [1]
    assert found(again) == found(before)
    unchanged = SimilarPerformers(frame, vectors, LIMITS, before.memory)
    assert found(unchanged) == found(before)
    assert asked == [1, 0]


def test_a_lower_limit_than_was_remembered_compares_everybody():
    frame, vectors = world([*range(30), 3], noise=2.5)
    strict = SimilarPerformers(frame, vectors, {2: 0.95, 3: 0.95, 4: 0.95})
    assert found(strict) == []
    lower = {2: 0.3, 3: 0.3, 4: 0.3}
    assert (4, 31) in found(SimilarPerformers(frame, vectors, lower, strict.memory))


def test_somebody_who_left_is_in_no_pair():
    frame, vectors = world([*range(40), 5])
    before = SimilarPerformers(frame, vectors, LIMITS)
    gone = frame.filter(pl.col("performer_id") != 41)
    assert found(SimilarPerformers(gone, vectors, LIMITS, before.memory)) == []


def test_nobody_is_no_pair():
    frame, vectors = world([0, 1])
    assert found(SimilarPerformers(frame.clear(), vectors, LIMITS)) == []


PEOPLE = pl.DataFrame(
    {
        "performer_id": [1, 2],
        "canonical_name": ["Wren Hollowdale", "Wren H"],
        "birth_date": ["1985-03-04", None],
        "country": ["SE", None],
        "claims": [
            [{"source": "boxone", "source_id": "a"}],
            [{"source": "boxone", "source_id": "b"}],
        ],
    }
)
PAIR = pl.DataFrame(
    {"performer_id": [1], "other_performer_id": [2], "cosine": [0.912], "faces": [4]}
)
FACES = pl.DataFrame(
    {
        "performer_id": [1, 1, 2],
        "source": ["boxone", "boxtwo", "boxone"],
        "page_url": ["https://one.example/a", "https://two.example/a", "https://one.example/b"],
        "image_sha256": ["x", "y", "z"],
        "quality_score": [0.4, 0.9, 0.5],
    }
)


def test_the_question_shows_its_evidence():
    (item,) = one_person_reviews(PAIR, PEOPLE, FACES)
    assert (item.kind, item.performers) == ("may_be_one_person", (1, 2))
    assert (item.source, item.url) == ("boxtwo", "https://two.example/a")
    assert item.text == (
        "Wren Hollowdale (born 1985-03-04, SE) and Wren H (no birth date) have faces as alike as "
        "one person's (0.91), 4 and more of each; the other's page: https://one.example/b"
    )
    moved = PAIR.with_columns(cosine=pl.lit(0.93))
    assert one_person_reviews(moved, PEOPLE, FACES)[0].key == item.key


@pytest.mark.parametrize("order", [1, -1])
def test_who_was_decided_to_be_two_is_not_asked_about(order):
    sides = (frozenset({("boxone", "a")}), frozenset({("boxone", "b")}))[::order]
    decision = Decision(1, "split", (sides[0], sides[1]))
    assert one_person_reviews(PAIR, PEOPLE, FACES, [decision]) == []
    elsewhere = Decision(2, "split", (frozenset({("boxone", "q")}), sides[1]))
    assert len(one_person_reviews(PAIR, PEOPLE, FACES, [elsewhere])) == 1
