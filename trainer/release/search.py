"""Exact nearest neighbours by blocked matrix products."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trainer.release.inputs import Vectors

Ids = npt.NDArray[np.int64]
_BLOCK_BYTES = 64 << 20


def exact_neighbours(
    queries: Vectors,
    vectors: Vectors,
    k: int,
    *,
    exclude: Ids | None = None,
    groups: Ids | None = None,
    query_groups: Ids | None = None,
) -> tuple[Ids, Vectors]:
    """The `k` nearest rows of `vectors` (n, d) for each row of `queries` (q, d), unit vectors.

    Returns ids (q, k) and cosine distances (q, k), nearest first, equal distances by id. `exclude`
    (q,) takes one row out per query; `groups` (n,) with `query_groups` (q,) take out all rows of
    the query's group. Rows that could not be filled have id -1 and distance infinity.
    """
    k = min(k, len(vectors))
    ids = np.full((len(queries), k), -1, dtype=np.int64)
    distances = np.full((len(queries), k), np.inf, dtype=np.float32)
    step = max(1, _BLOCK_BYTES // max(1, 4 * len(vectors)))
    for start in range(0, len(queries), step):
        rows = slice(start, start + step)
        block = 1.0 - queries[rows] @ vectors.T
        if exclude is not None:
            block[np.arange(len(block)), exclude[rows]] = np.inf
        if groups is not None and query_groups is not None:
            block[query_groups[rows][:, None] == groups[None, :]] = np.inf
        ids[rows], distances[rows] = _smallest(block, k)
    ids[~np.isfinite(distances)] = -1
    return ids, distances


def _smallest(block: Vectors, k: int) -> tuple[Ids, Vectors]:
    """Ids and values of the k smallest of every row, ascending, equal values by id."""
    if k < block.shape[1]:
        part = np.sort(np.argpartition(block, k - 1, axis=1)[:, :k], axis=1)
    else:
        part = np.broadcast_to(np.arange(k), block.shape)
    values = np.take_along_axis(block, part, axis=1)
    order = np.argsort(values, axis=1, kind="stable")
    return np.take_along_axis(part, order, axis=1), np.take_along_axis(values, order, axis=1)
