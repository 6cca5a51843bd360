"""Exact nearest neighbours by blocked matrix products."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from trainer.release.inputs import Vectors

Ids = npt.NDArray[np.int64]
_BLOCK_BYTES = 256 << 20  # with more queries at a time the product is hardly faster
_PART = 64  # numbers of a row of which one minimum is taken


def distance_blocks(queries: Vectors, vectors: Vectors) -> Iterator[tuple[slice, Vectors]]:
    """Cosine distances of some rows of `queries` (q, d) at a time to all `vectors` (n, d), unit
    vectors: which rows, and (rows, n), to be changed at will until the next ones are asked for.

    All blocks lie in the same memory: to get it anew takes as long as the product.
    """
    step = max(1, _BLOCK_BYTES // max(1, 4 * len(vectors)))
    space = np.empty((min(step, len(queries)), len(vectors)), np.float32)
    for start in range(0, len(queries), step):
        rows = slice(start, min(start + step, len(queries)))
        block = np.matmul(queries[rows], vectors.T, out=space[: rows.stop - start])
        yield rows, np.subtract(1.0, block, out=block)


def nearest(block: Vectors, k: int) -> tuple[Ids, Vectors]:
    """Ids and distances of the `k` smallest of every row, (rows, k), equal distances by id.

    Infinite distances are nobody's: id -1.
    """
    ids, distances = _smallest(block, k)
    return np.where(np.isfinite(distances), ids, -1), distances


def exact_neighbours(
    queries: Vectors, vectors: Vectors, k: int, *, exclude: Ids | None = None
) -> tuple[Ids, Vectors]:
    """The `k` nearest rows of `vectors` (n, d) for each row of `queries` (q, d), unit vectors.

    Returns ids (q, k) and cosine distances (q, k), nearest first, equal distances by id. `exclude`
    (q,) takes one row out per query. Where there are no more, the id is -1, the distance infinity.
    """
    k = min(k, len(vectors))
    ids = np.full((len(queries), k), -1, dtype=np.int64)
    distances = np.full((len(queries), k), np.inf, dtype=np.float32)
    for rows, block in distance_blocks(queries, vectors):
        if exclude is not None:
            block[np.arange(len(block)), exclude[rows]] = np.inf
        ids[rows], distances[rows] = nearest(block, k)
    return ids, distances


def _smallest(block: Vectors, k: int) -> tuple[Ids, Vectors]:
    """Ids and values of the k smallest of every row, ascending, equal values by id."""
    ids = np.empty((len(block), k), dtype=np.int64)
    values = np.empty((len(block), k), dtype=block.dtype)
    for number, (row, bound) in enumerate(zip(block, _bounds(block, k), strict=True)):
        near = np.flatnonzero(row <= bound)
        order = np.argsort(row[near], kind="stable")[:k]
        ids[number], values[number] = near[order], row[near[order]]
    return ids, values


def _bounds(block: Vectors, k: int) -> Vectors:
    """What at least k values of each row do not exceed, and few more than k: the k-th smallest of
    the minima of its parts. Five times faster than partitioning whole rows."""
    parts = block.shape[1] // _PART
    if parts < k:
        return np.full(len(block), np.inf, dtype=block.dtype)
    minima = block[:, : parts * _PART].reshape(len(block), _PART, parts).min(axis=1)
    bounds: Vectors = np.partition(minima, k - 1, axis=1)[:, k - 1]
    return bounds
