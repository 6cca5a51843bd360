"""How often an index finds, as the sidecar asks it, what exact search finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import voyager

from trainer.release.contract import NEIGHBOURS
from trainer.release.search import Ids, exact_neighbours
from trainer.release.vector_file import AnyVectors, Vectors

TENS = 10
_TIE = 1e-5  # distances this close are the same neighbour: duplicates, rounding


@dataclass(frozen=True)
class RecallPoint:
    """At the sidecar's k and ef, over `queries` indexed faces.

    `recall_at_1`: the nearest other face is among the neighbours; `recall_at_10`: share of the ten
    nearest other faces that are.
    """

    m: int
    recall_at_1: float
    recall_at_10: float
    queries: int


def sampled(n: int, sample: int, seed: int) -> Ids:
    """At most `sample` of n rows, ascending."""
    return np.sort(np.random.default_rng(seed).permutation(n)[:sample])


def approximate(index: voyager.Index, queries: Vectors) -> Ids:
    """Ids that the sidecar would get for each of `queries`, (q, k)."""
    k = min(NEIGHBOURS, len(index))
    if not len(queries):
        return np.zeros((0, k), dtype=np.int64)
    return np.asarray(index.query(queries, k=k)[0], dtype=np.int64).reshape(-1, k)


def recall(m: int, found: Ids, chosen: Ids, vectors: AnyVectors, nearest: Vectors) -> RecallPoint:
    """What of the `nearest` distances, (q, up to 10) without the query itself, is in `found`.

    `chosen` (q,): rows of `vectors` that were asked.
    """
    if len(vectors) < 2:
        return RecallPoint(m, 1.0, 1.0, 0)
    first = tens = 0.0
    for row, own in enumerate(chosen):
        others = found[row][found[row] != own]
        near = 1.0 - vectors[others] @ vectors[own]
        first += bool((near <= nearest[row, 0] + _TIE).any())
        tens += min(1.0, float((near <= nearest[row, -1] + _TIE).sum()) / nearest.shape[1])
    return RecallPoint(m, first / len(chosen), tens / len(chosen), len(chosen))


def measure(index: voyager.Index, vectors: AnyVectors, *, sample: int, seed: int) -> RecallPoint:
    """Recall of `index` against exact search, for a seeded sample of its own vectors."""
    chosen = sampled(len(vectors), sample, seed)
    queries = vectors[chosen]
    tenth = min(TENS, len(vectors) - 1)
    distances = (
        exact_neighbours(queries, vectors, tenth, exclude=chosen)[1] if tenth > 0 else queries
    )
    return recall(index.M, approximate(index, queries), chosen, vectors, distances)
