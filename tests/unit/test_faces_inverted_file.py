"""Of many vectors a query is compared with the most promising, and rarely misses its nearest."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from trainer.faces import centres, inverted_file, near_pairs
from trainer.faces.cache import FaceVectors
from trainer.faces.centres import Centres
from trainer.faces.inverted_file import InvertedFile
from trainer.faces.near_pairs import all_pairs, joined, pairs_of


def units(count, directions=24, seed=3):
    found = np.random.default_rng(seed).standard_normal((count, directions), np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def near(vectors, noise=0.8, seed=4):
    """A unit vector near each of `vectors`: at 0.8, cosines of about 0.78."""
    scatter = np.random.default_rng(seed).standard_normal(vectors.shape, np.float32)
    found = vectors + noise * scatter / np.sqrt(np.float32(vectors.shape[1]))
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def compared(lists, queries):
    """Which of the vectors each query is compared with, (q, n), counted."""
    found = np.zeros((len(queries), len(lists.order)), int)
    for one in lists.probe(queries):
        found[np.ix_(one.queries, lists.order[one.first : one.last])] += 1
    return found


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 3_000])
def test_few_vectors_are_all_compared_once(count):
    vectors = units(count)
    lists = InvertedFile(vectors)
    assert lists.exhaustive
    assert lists.vectors[lists.places()].tobytes() == vectors.tobytes()
    assert (compared(lists, units(5, seed=9)) == 1).all()


def test_no_vectors_are_probed_by_nobody():
    assert list(InvertedFile(units(0)).probe(units(3))) == []


def test_of_many_a_part_is_compared_and_the_nearest_is_in_it():
    vectors = units(40_000)
    lists = InvertedFile(vectors, 10_000)
    assert not lists.exhaustive
    assert np.array_equal(lists.vectors[lists.places()], vectors)
    queries = near(vectors[:400], 0.5)
    found = compared(lists, queries)
    assert found.max() == 1
    assert found.sum(axis=1).mean() < 12_500
    nearest = (queries @ vectors.T).argmax(axis=1)
    assert found[np.arange(400), nearest].mean() >= 0.98


def test_each_query_has_a_rank_per_list():
    vectors = units(5_000)
    lists = InvertedFile(vectors, 2_048)
    ranks: list[set[int]] = [set() for _ in range(50)]
    for one in lists.probe(near(vectors[:50])):
        for query, rank in zip(one.queries, one.ranks, strict=True):
            assert rank not in ranks[query]
            ranks[query].add(int(rank))
    assert all(found == set(range(lists.probes)) for found in ranks)


def test_equal_vectors_are_in_one_list_and_found():
    vectors = np.repeat(units(3), 2_000, axis=0)
    lists = InvertedFile(vectors, 1_024)
    found = compared(lists, units(3))
    assert (found[np.arange(3), [0, 2_000, 4_000]] == 1).all()


def test_the_same_vectors_are_sorted_the_same():
    vectors = units(6_000)
    assert np.array_equal(InvertedFile(vectors, 600).order, InvertedFile(vectors, 600).order)


def _faces(count, wrong):
    """Two faces per performer, and one more of the first `wrong`, which is the next one's."""
    people = np.zeros((count, 512), np.float32)
    people[:, :24] = units(count)
    owners = np.repeat(np.arange(count), 2)
    shown = np.concatenate([owners, (np.arange(wrong) + 1) % count])
    owners = np.concatenate([owners, np.arange(wrong)])
    vectors = np.zeros((len(shown), 512), np.float32)
    vectors[:, :24] = near(people[shown][:, :24], 0.5)
    keys = pl.DataFrame({"image_sha256": [str(n) for n in range(len(shown))]}).select(
        "image_sha256",
        pl.lit(0, pl.Int16).alias("face_no"),
        pl.int_range(pl.len(), dtype=pl.Int64).alias("row"),
    )
    half = vectors.astype(np.float16)
    return FaceVectors(keys, {"facenet": half, "arcface": half}), owners


def test_the_nearest_other_performer_of_many_is_found(monkeypatch):
    count, wrong = 6_000, 500
    vectors, owners = _faces(count, wrong)
    everybody = Centres(vectors, count)
    own = np.flatnonzero(np.arange(len(owners)) < 2 * count)
    sums = centres.centres(vectors, own, owners[own], np.ones(len(own), bool), count)
    everybody.put(np.arange(count), sums, np.arange(count))
    rows = np.arange(len(owners))
    all_of_them = everybody.nearest_other(rows, owners)
    monkeypatch.setattr(inverted_file, "_LIST", 32)
    monkeypatch.setattr(centres, "_MANY", 100)
    monkeypatch.setattr(inverted_file, "PROBED", 2_048)
    found, cosines = everybody.nearest_other(rows, owners)
    assert not (found == owners).any()
    assert (found >= 0).all()
    next_one = (np.arange(wrong) + 1) % count
    assert (found[2 * count :] == next_one).mean() >= 0.98
    assert 0 < (found != all_of_them[0]).mean() < 0.3  # of faces that are their own performer's
    same = found == all_of_them[0]
    np.testing.assert_allclose(cosines[same], all_of_them[1][same], atol=1e-6)
    monkeypatch.setattr(centres, "_MANY", len(rows) + 1)
    assert np.array_equal(everybody.nearest_other(rows, owners)[0], all_of_them[0])


def _keys(pairs):
    left, right, _ = pairs
    assert (left < right).all()
    found = set(zip(left.tolist(), right.tolist(), strict=True))
    assert len(found) == len(left)
    return found


def test_pairs_of_many_are_found_once_each(monkeypatch):
    people = units(5_000)
    vectors = np.concatenate([near(people, 0.4), near(people[:400], 0.4, seed=8)])
    exact = _keys(joined(all_pairs(vectors, 0.7)))
    assert len(exact) > 400
    monkeypatch.setattr(inverted_file, "_LIST", 32)
    monkeypatch.setattr(near_pairs, "_ALL", 4_000)
    monkeypatch.setattr(near_pairs, "_PROBED", 1_536)
    found = _keys(joined(all_pairs(vectors, 0.7)))
    assert found <= exact
    twice = {(number, 5_000 + number) for number in range(400)} & exact
    assert len(twice & found) >= 0.99 * len(twice)


def test_the_pairs_of_some_are_the_same_with_a_filter(monkeypatch):
    people = units(3_000)
    vectors = np.concatenate([near(people, 0.4), near(people[:200], 0.4, seed=8)])
    some = np.arange(2_900, 3_200)
    plain = _keys(joined(pairs_of(vectors, some, 0.6)))
    monkeypatch.setattr(near_pairs, "_FEW", 100)
    assert _keys(joined(pairs_of(vectors, some, 0.6))) == plain
    assert len(plain) > 200
