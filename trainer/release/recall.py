"""How often an index finds, as the sidecar asks it, what exact search finds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import voyager

from trainer.release.contract import NEIGHBOURS
from trainer.release.inputs import Vectors
from trainer.release.search import exact_neighbours

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


def measure(index: voyager.Index, vectors: Vectors, *, sample: int, seed: int) -> RecallPoint:
    """Recall of `index` against exact search, for a seeded sample of its own vectors."""
    n = len(vectors)
    k = min(NEIGHBOURS, n)
    if n < 2:
        return RecallPoint(index.M, 1.0, 1.0, 0)
    chosen = np.sort(np.random.default_rng(seed).permutation(n)[:sample])
    exact, distances = exact_neighbours(vectors[chosen], vectors, min(10, n - 1), exclude=chosen)
    found = np.asarray(index.query(vectors[chosen], k=k)[0], dtype=np.int64).reshape(-1, k)
    first = tens = 0.0
    for row, own in enumerate(chosen):
        others = found[row][found[row] != own]
        near = 1.0 - vectors[others] @ vectors[own]
        first += bool((near <= distances[row, 0] + _TIE).any())
        tens += min(1.0, float((near <= distances[row, -1] + _TIE).sum()) / exact.shape[1])
    return RecallPoint(index.M, first / len(chosen), tens / len(chosen), len(chosen))
