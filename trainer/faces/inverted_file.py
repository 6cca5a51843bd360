"""An inverted file (IVF): vectors in lists around centroids, and the lists that a query probes.

Up to `PROBED` vectors a query is compared with all of them. Of more it is compared with that many,
in the lists whose centroids are nearest, so that its cost no longer grows with their number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from trainer.faces.agreement import Numbers, Vectors

PROBED = 131_072  # about as many performers as the public databases list
_TILE = 2_048  # vectors per list where all lists are probed
_LIST = 512  # mean of vectors per list where not all are
_TRAINED, _ROUNDS = 64, 6  # vectors that a centroid is trained on, and how often it is moved
_BLOCK = 8_192


class Probe(NamedTuple):
    """A list and the queries that probe it.

    `queries` (n,): their numbers. `ranks` (n,): which of its lists this is to each of them, from 0
    up to `InvertedFile.probes`. `first`, `last`: where the list is in `InvertedFile.vectors`.
    """

    queries: Numbers
    ranks: Numbers
    first: int
    last: int


class InvertedFile:
    """`vectors` (n, d), list after list; `order` (n,): their places in what was given; `probes`:
    lists per query."""

    def __init__(self, vectors: Vectors, probed: int | None = None) -> None:
        """`vectors` (n, d): about unit length; `probed`: how many a query is compared with,
        `PROBED` where not given."""
        probed = PROBED if probed is None else probed
        self.exhaustive = len(vectors) <= probed
        if self.exhaustive:
            tile = max(min(_TILE, -(-len(vectors) // 64)), 1)  # of few vectors, one is a list
            self._starts = np.append(np.arange(0, len(vectors), tile), len(vectors))
            self.order, self.vectors = np.arange(len(vectors)), vectors
            self.probes = len(self._starts) - 1
            return
        centroids = _centroids(vectors, -(-len(vectors) // _LIST))
        filled, lists = np.unique(_nearest(vectors, centroids), return_inverse=True)
        self._centroids = centroids[filled]
        self.order = np.argsort(lists, kind="stable")
        self.vectors = vectors[self.order]
        self._starts = np.searchsorted(lists[self.order], np.arange(len(filled) + 1))
        self.probes = min(max(probed // _LIST, 1), len(filled))

    def places(self) -> Numbers:
        """Return where each vector that was given is in `vectors`, (n,)."""
        found = np.empty(len(self.order), np.int64)
        found[self.order] = np.arange(len(self.order))
        return found

    def probe(self, queries: Vectors) -> Iterator[Probe]:
        """Yield each list that is probed, with those of `queries` (n, d) that probe it."""
        if self.exhaustive:
            everybody, zeros = np.arange(len(queries)), np.zeros(len(queries), np.int64)
            for number in range(self.probes):
                yield Probe(everybody, zeros + number, *self._bounds(number))
            return
        near = queries @ self._centroids.T
        chosen = np.argpartition(-near, self.probes - 1, axis=1)[:, : self.probes]
        by_list = np.argsort(chosen, axis=None, kind="stable")
        query, rank = np.divmod(by_list, self.probes)
        starts = np.searchsorted(chosen.ravel()[by_list], np.arange(len(self._centroids) + 1))
        for number in np.flatnonzero(np.diff(starts)).tolist():
            part = slice(starts[number], starts[number + 1])
            yield Probe(query[part], rank[part], *self._bounds(number))

    def _bounds(self, number: int) -> tuple[int, int]:
        return int(self._starts[number]), int(self._starts[number + 1])


def _centroids(vectors: Vectors, count: int) -> Vectors:
    """Return `count` unit centroids (count, d) of an even spread of the vectors, by spherical
    k-means."""
    trained = vectors[:: max(len(vectors) // (count * _TRAINED), 1)]
    found = _unit(trained[:: max(len(trained) // count, 1)][:count])
    for _ in range(_ROUNDS):
        nearest = _nearest(trained, found)
        sums = np.zeros_like(found)
        np.add.at(sums, nearest, trained)
        filled = np.bincount(nearest, minlength=count) > 0
        found = np.where(filled[:, None], _unit(sums), found)
    return found


def _nearest(vectors: Vectors, centroids: Vectors) -> Numbers:
    found = np.empty(len(vectors), np.int64)
    for start in range(0, len(vectors), _BLOCK):
        part = slice(start, start + _BLOCK)
        found[part] = (vectors[part] @ centroids.T).argmax(axis=1)
    return found


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Vectors = vectors / np.maximum(lengths, np.float32(1e-9))
    return units
