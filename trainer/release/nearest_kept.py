"""How often the nearest face of an index is the one that exact search finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import voyager

from trainer.release.recall import sampled
from trainer.release.search import exact_neighbours
from trainer.release.vector_file import AnyVectors

_TIE = 1e-5  # distances this close are the same neighbour: duplicates, rounding
_NEIGHBOURS = 50


@dataclass(frozen=True)
class NearestKept:
    """Shares of `queries` indexed faces whose nearest other face, and its performer, are those of
    exact search."""

    face: float
    performer: float
    queries: int


def nearest_kept(
    index: voyager.Index, vectors: AnyVectors, owners: Sequence[str], sample: int = 1_000
) -> NearestKept:
    """Compare `index` with exact search over `vectors` (n, 512), unit vectors, n above 1; owner i
    is the performer of vector i."""
    chosen = sampled(len(vectors), sample, seed=0)
    queries = vectors[chosen]
    exact, distances = exact_neighbours(queries, vectors, 1, exclude=chosen)
    found = np.asarray(index.query(queries, k=min(_NEIGHBOURS, len(index)))[0], np.int64)
    faces = performers = 0
    for row, own in enumerate(chosen):
        other = int(found[row][found[row] != own][0])
        same = bool(1.0 - float(vectors[other] @ vectors[own]) <= distances[row, 0] + _TIE)
        faces += same
        performers += same or owners[other] == owners[int(exact[row, 0])]
    return NearestKept(faces / len(chosen), performers / len(chosen), len(chosen))
