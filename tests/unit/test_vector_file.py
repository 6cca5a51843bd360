"""Vectors in a file read as those in memory do, and leave nothing behind."""

from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import pytest

from trainer.release.search import exact_neighbours
from trainer.release.vector_file import VectorFile, Vectors


def drawn(count: int) -> Vectors:
    found = np.random.default_rng(3).standard_normal((count, 512)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def stored(vectors: Vectors, directory: Path) -> VectorFile:
    found = VectorFile(len(vectors), directory)
    found.put(np.arange(len(vectors)), vectors)
    return found


def test_rows_written_in_any_order_are_where_they_belong(tmp_path: Path) -> None:
    vectors = drawn(300)
    found = VectorFile(300, tmp_path)
    places = np.concatenate([np.arange(100, 200), np.random.default_rng(1).permutation(100)])
    found.put(places, vectors[places])
    found.put(np.arange(200, 300), vectors[200:])
    assert found.shape == vectors.shape and len(found) == 300
    assert np.array_equal(found[:], vectors) and np.array_equal(found[7], vectors[7])
    assert np.array_equal(found[places], vectors[places])
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_an_error_when_it_is_written_not_a_crash_when_it_is_read(tmp_path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            stored(drawn(100), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_search_reads_some_vectors_at_a_time_and_finds_what_one_over_all_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = drawn(900)
    vectors[611] = vectors[40]  # equal distances: the lower number first
    queries, own = vectors[30:60], np.arange(30, 60)
    heard: list[int] = []
    whole = exact_neighbours(queries, vectors, 20, exclude=own)
    monkeypatch.setattr("trainer.release.search._VECTORS", 128)
    monkeypatch.setattr("trainer.release.search._QUERIES", 8)
    parts = exact_neighbours(
        queries, stored(vectors, tmp_path), 20, exclude=own, advance=heard.append
    )
    assert np.array_equal(whole[0], parts[0]) and np.allclose(whole[1], parts[1], atol=1e-6)
    assert parts[0][10, 0] == 611 and sum(heard) == 30
    by_hand = np.argsort(1 - vectors @ vectors[35])
    assert parts[0][5].tolist() == [row for row in by_hand.tolist() if row != 35][:20]
    several = [np.array([row, parts[0][place, 0]]) for place, row in enumerate(own)]
    without = exact_neighbours(queries, vectors, 19, exclude=several)
    assert np.array_equal(without[0], whole[0][:, 1:])
