"""Exact nearest neighbours by blocked matrix products; the number of vectors does not change what
memory that takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from trainer.release.vector_file import AnyVectors, Vectors

Ids = npt.NDArray[np.int64]
_VECTORS, _QUERIES = 16_384, 1_024  # at a time: 64 MB of distances, of 32 MB of vectors
_PART = 64  # numbers of a row of which one minimum is taken


def exact_neighbours(
    queries: Vectors,
    vectors: AnyVectors,
    k: int,
    *,
    exclude: Ids | Sequence[Ids] = (),
    advance: Callable[[int], Any] = lambda _count: None,
) -> tuple[Ids, Vectors]:
    """The `k` nearest rows of `vectors` (n, d) for each row of `queries` (q, d), unit vectors.

    Returns ids (q, k) and cosine distances (q, k), nearest first, equal distances by id. `exclude`
    (q,): the row, or the rows, that each query may not find. Where there are no more, the id is -1,
    the distance infinity. `advance` is called with the number of searches done since its last call.
    """
    k = min(k, len(vectors))
    ids = np.full((len(queries), k), -1, dtype=np.int64)
    distances = np.full((len(queries), k), np.inf, dtype=np.float32)
    told = done = 0
    for rows, columns, block in _distance_blocks(queries, vectors):
        _hide(block, exclude[rows], columns)
        _keep_nearest(block, columns.start, ids[rows], distances[rows])
        done += block.size
        advance(done // len(vectors) - told)
        told = done // len(vectors)
    return ids, distances


def _distance_blocks(
    queries: Vectors, vectors: AnyVectors
) -> Iterator[tuple[slice, slice, Vectors]]:
    """Cosine distances of some queries to some vectors at a time: which ones, and (rows, columns),
    to be changed at will until the next ones are asked for.

    All blocks lie in the same memory: to get it anew takes as long as the product. Vectors are read
    once.
    """
    space = np.empty(min(_QUERIES, len(queries)) * min(_VECTORS, len(vectors)), np.float32)
    for first in range(0, len(vectors), _VECTORS):
        columns = slice(first, min(first + _VECTORS, len(vectors)))
        part = vectors[columns]
        for start in range(0, len(queries), _QUERIES):
            rows = slice(start, min(start + _QUERIES, len(queries)))
            shape = rows.stop - start, len(part)
            block = space[: shape[0] * shape[1]].reshape(shape)
            np.matmul(queries[rows], part.T, out=block)
            yield rows, columns, np.subtract(1.0, block, out=block)
        del part  # before the next one is read


def _hide(block: Vectors, exclude: Ids | Sequence[Ids], columns: slice) -> None:
    """Make those infinitely far that a query may not find."""
    for row, hidden in zip(block, exclude, strict=False):
        there = np.atleast_1d(hidden) - columns.start
        row[there[(there >= 0) & (there < len(row))]] = np.inf


def _keep_nearest(block: Vectors, first: int, ids: Ids, distances: Vectors) -> None:
    """Put what is nearer in `block`, of vectors from `first` on, among the nearest so far, (rows,
    k)."""
    k = ids.shape[1]
    bounds = np.minimum(_bounds(block, k), distances[:, -1])
    for number, (row, bound) in enumerate(zip(block, bounds, strict=True)):
        near = np.flatnonzero(row <= bound)
        both = np.concatenate([distances[number], row[near]])
        order = np.argsort(both, kind="stable")[:k]
        ids[number] = np.concatenate([ids[number], first + near])[order]
        distances[number] = both[order]


def _bounds(block: Vectors, k: int) -> Vectors:
    """What at least k values of each row do not exceed, and few more than k: the k-th smallest of
    the minima of its parts. Five times faster than partitioning whole rows."""
    parts = block.shape[1] // _PART
    if parts < k:
        return np.full(len(block), np.inf, dtype=block.dtype)
    minima = block[:, : parts * _PART].reshape(len(block), _PART, parts).min(axis=1)
    bounds: Vectors = np.partition(minima, k - 1, axis=1)[:, k - 1]
    return bounds
