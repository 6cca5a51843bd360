"""Performers' mean faces, a face beside its own, and the nearest of all the others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trainer.faces.agreement import Numbers, Vectors
from trainer.faces.cache import FaceVectors
from trainer.faces.inverted_file import InvertedFile
from trainer.faces.main_directions import SAMPLE, main_directions

_FACES = 8_192  # as float32 at a time: 16 MB per model
_BESIDE_OWN = 2_048  # likewise, with the rest of their performers and the products
_QUERIES = 2_048
_NUMBERS = 4_000_000  # cosines at a time: 16 MB, which the process gets once and uses again
# First filter: both models' main directions (of vectors that differ in all of them, leaving out
# the others moves a cosine by about 0.09); the nearest of the best lists are then compared exactly.
_DIRECTIONS = 128
_EXACT = 12
_MANY = 16_384  # faces; for fewer, sorting the centres into lists costs more than it saves
Flags = npt.NDArray[np.bool_]


def centres(
    vectors: FaceVectors, rows: Numbers, owners: Numbers, among: Flags, count: int
) -> dict[str, Vectors]:
    """The sum of each performer's vectors `among` its faces, (count, d) per model.

    `owners` (n,) ascending, `rows` (n,) of `vectors`.
    """
    chosen = np.flatnonzero(among)

    def summed(slot: str) -> Vectors:
        total = np.zeros((count, vectors.width), np.float32)
        for start in range(0, len(chosen), _FACES):
            part = chosen[start : start + _FACES]
            numbers, starts = np.unique(owners[part], return_index=True)
            total[numbers] += np.add.reduceat(vectors.rows(slot, rows[part]), starts, axis=0)
        return total

    return vectors.each(summed)


def to_own(
    vectors: FaceVectors, rows: Numbers, owners: Numbers, among: Flags, sums: dict[str, Vectors]
) -> Vectors:
    """Cosine of each face to the mean of its performer's others, (n,); NaN where none is left."""
    left = np.bincount(owners[among], minlength=owners.max(initial=0) + 1)[owners] - among

    def cosines(slot: str) -> Vectors:
        found = np.empty(len(rows), np.float32)
        for start in range(0, len(rows), _BESIDE_OWN):
            part = slice(start, start + _BESIDE_OWN)
            face = vectors.rows(slot, rows[part])
            rest = sums[slot][owners[part]] - face * among[part, None]
            found[part] = (face * rest).sum(axis=1) / lengths(rest) / len(sums)
        return found

    result = np.sum(list(vectors.each(cosines).values()), axis=0)
    return np.where(left > 0, result, np.float32(np.nan))


def lengths(vectors: Vectors) -> Vectors:
    """(n,); of a zero vector as good as none."""
    found: Vectors = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
    return np.maximum(found, np.float32(1e-9))


class Centres:
    """The sum of every performer's faces, and the search for the one that is nearest to a face.

    `sums` (count, d) per model; `present` (count,): who has any. What searching needs besides is
    kept with them, so that a few changed centres cost a few.
    """

    def __init__(self, vectors: FaceVectors, count: int) -> None:
        self._vectors = vectors
        self.present = np.zeros(count, bool)
        self.sums = {s: np.zeros((count, vectors.width), np.float32) for s in vectors.slots}
        self._lengths = {slot: np.ones(count, np.float32) for slot in vectors.slots}
        self._low: Vectors | None = None
        self._main = np.zeros((0, 0), np.float32)

    def put(self, places: Numbers, sums: dict[str, Vectors], chosen: Numbers) -> None:
        """Rows `chosen` of `sums` are the new centres of the performers at `places`.

        Empties `sums`: of a large database they take as much memory as its vectors.
        """
        everybody = len(chosen) == len(self.present)
        for slot in list(sums):
            total = sums.pop(slot)
            if everybody:  # copying takes as long as adding up did
                self.sums[slot] = total
            else:
                self.sums[slot][places] = total = total[chosen]
            self._lengths[slot][places] = lengths(total)
        self.present[places] = True
        if self._low is not None:
            self._project(places)

    def nearest_other(self, rows: Numbers, owners: Numbers) -> tuple[Numbers, Vectors]:
        """The nearest performer but one's own for each face, and the cosine; -1 where there is
        none.

        The search is approximate: an other performer as near as the limits of contamination ask is
        hardly ever missed. Each of many faces is compared with `inverted_file.PROBED` performers at
        most, so that among more than these one near the limit may be missed.
        """
        found, scores = np.full(len(rows), -1, np.int64), np.full(len(rows), -1, np.float32)
        where = np.flatnonzero(self.present)
        if not where.size or not len(rows):
            return found, scores
        low = InvertedFile(self._projected()[where], None if len(rows) >= _MANY else len(where))
        place = np.full(len(self.present), -1, np.int64)
        place[where] = low.places()
        own = place[owners]
        for start in range(0, len(rows), _QUERIES):
            part = slice(start, start + _QUERIES)
            faces = {slot: self._vectors.rows(slot, rows[part]) for slot in self.sums}
            query = np.concatenate(list(faces.values()), axis=1) @ self._main
            picked = where[_candidates(query, low, own[part])]
            exact = self._exact(faces, picked)
            exact[picked == owners[part, None]] = -1
            best = exact.argmax(axis=1)
            at = np.arange(len(best))
            found[part], scores[part] = picked[at, best], exact[at, best]
        return np.where(scores > -1, found, -1), scores

    def nearest_among(
        self, rows: Numbers, owners: Numbers, some: Numbers
    ) -> tuple[Numbers, Vectors]:
        """As `nearest_other`, of the performers `some` only, and exactly."""
        found, scores = np.full(len(rows), -1, np.int64), np.full(len(rows), -1, np.float32)
        if not some.size:
            return found, scores
        means = self._units(some).T / np.float32(len(self.sums))
        step = min(_FACES, max(1, _NUMBERS // len(some)))
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            near = self._both(rows[part]) @ means
            near[owners[part, None] == some] = -1
            best = near.argmax(axis=1)
            found[part], scores[part] = some[best], near[np.arange(len(best)), best]
        return np.where(scores > -1, found, -1), scores

    def _projected(self) -> Vectors:
        """All centres in their main directions, (count, directions)."""
        if self._low is None:
            where = np.flatnonzero(self.present)
            sample = where[:: -(-len(where) // SAMPLE)]
            self._main = main_directions(self._units(sample), _DIRECTIONS)
            self._low = np.zeros((len(self.present), self._main.shape[1]), np.float32)
            self._project(where)
        return self._low

    def _project(self, places: Numbers) -> None:
        assert self._low is not None
        for start in range(0, len(places), _FACES):
            part = places[start : start + _FACES]
            self._low[part] = self._units(part) @ self._main

    def _units(self, places: Numbers) -> Vectors:
        """Both models' unit means side by side, (n, width of both)."""
        parts = [t[places] / self._lengths[s][places, None] for s, t in self.sums.items()]
        return np.concatenate(parts, axis=1)

    def _both(self, rows: Numbers) -> Vectors:
        """Both models' vectors of faces side by side, (n, width of both)."""
        return np.concatenate([self._vectors.rows(slot, rows) for slot in self.sums], axis=1)

    def _exact(self, faces: dict[str, Vectors], picked: Numbers) -> Vectors:
        total = np.zeros(picked.shape, np.float32)
        for slot, own in faces.items():
            products = np.einsum("nd,nkd->nk", own, self.sums[slot][picked])
            total += products / self._lengths[slot][picked] / len(faces)
        return total


def _candidates(query: Vectors, low: InvertedFile, own: Numbers) -> Numbers:
    """Return who of those given to `low` is the best of each list, for the best lists, (n, up to
    _EXACT); `own` (n,): the place in its vectors that is left out, or -1."""
    best = np.full((len(query), low.probes), -np.inf, np.float32)
    place = np.zeros((len(query), low.probes), np.int64)
    for queries, ranks, first, last in low.probe(query):
        products = query[queries] @ low.vectors[first:last].T
        left_out = own[queries] - first
        inside = np.flatnonzero((left_out >= 0) & (left_out < last - first))
        products[inside, left_out[inside]] = -np.inf
        top = products.argmax(axis=1)
        best[queries, ranks] = products[np.arange(len(queries)), top]
        place[queries, ranks] = top + first
    order = np.argsort(-best, axis=1, kind="stable")[:, :_EXACT]
    return low.order[np.take_along_axis(place, order, axis=1)]
