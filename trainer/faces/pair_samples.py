"""Samples of genuine and impostor pairs of a build's faces: cosines averaged over both models."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import polars as pl

from trainer.faces.agreement import Numbers, Vectors, paired
from trainer.faces.cache import FaceVectors
from trainer.faces.centres import Centres, centres, to_own
from trainer.faces.trust import with_rows

PAIRS = 20_000
PAIRS_EACH = 6  # each face makes so many genuine pairs at most, as the first of them
PERFORMERS = 4_000  # whose means are compared
SEARCHED = 500  # faces for which the nearest other performer is looked for
_KEYS = ["performer_id", "image_sha256", "face_no"]
_NONE = np.zeros(0, np.float32)


class PairSamples:
    """Each sample is drawn when it is first asked for, the same for the same faces and seed."""

    def __init__(self, faces: pl.DataFrame, vectors: FaceVectors, seed: int) -> None:
        """`faces`: performer_id, image_sha256, face_no; `vectors` hold all of them."""
        self._vectors, self._seed = vectors, seed
        mixed = faces.select(_KEYS).sort(_KEYS).sample(fraction=1, shuffle=True, seed=seed)
        ordered = with_rows(mixed.sort("performer_id", maintain_order=True), vectors)
        self._rows = ordered["row"].to_numpy()
        self._owners = np.unique(ordered["performer_id"].to_numpy(), return_inverse=True)[1]
        self._sizes = np.bincount(self._owners)
        self._starts = np.cumsum(self._sizes) - self._sizes

    @property
    def performers(self) -> int:
        """Those with two faces and more."""
        return int((self._sizes > 1).sum())

    @cached_property
    def genuine(self) -> Vectors:
        """Two faces of one performer: near each other in its random order."""
        apart = [
            (step, np.flatnonzero(self._owners[step:] == self._owners[:-step]))
            for step in range(1, PAIRS_EACH + 1)
        ]
        first = np.concatenate([places for _, places in apart])
        other = np.concatenate([places + step for step, places in apart])
        some = self._some(np.arange(len(first)), PAIRS, 1)
        return paired(self._vectors, self._rows[first[some]], self._rows[other[some]])

    @cached_property
    def impostor(self) -> Vectors:
        """Faces of two performers."""
        count = len(self._rows)
        left, right = self._dice(2).integers(0, max(count, 1), (2, PAIRS if count else 0))
        apart = self._owners[left] != self._owners[right]
        return paired(self._vectors, self._rows[left[apart]], self._rows[right[apart]])

    @property
    def genuine_mean(self) -> Vectors:
        """A face and the mean of its performer's others, of performers with three and more."""
        return self._means[0]

    @property
    def impostor_mean(self) -> Vectors:
        """A face and the mean of another performer's."""
        return self._means[1]

    @property
    def impostor_means(self) -> Vectors:
        """The means of two performers' faces."""
        return self._means[2]

    @cached_property
    def nearest_other(self) -> Vectors:
        """A face and the mean of the nearest other performer of all."""
        count = len(self._sizes)
        if count < 2:
            return _NONE
        found = Centres(self._vectors, count)
        everyone = np.ones(len(self._rows), bool)
        sums = centres(self._vectors, self._rows, self._owners, everyone, count)
        found.put(np.arange(count), sums, np.arange(count))
        some = self._some(np.arange(len(self._rows)), SEARCHED, 4)
        return found.nearest_other(self._rows[some], self._owners[some])[1]

    def halves(self, size: int) -> Vectors:
        """The means of two times `size` faces of one performer."""
        chosen = self._some(np.flatnonzero(self._sizes >= 2 * size), PERFORMERS, 5)
        if not len(chosen):
            return _NONE
        first = self._starts[chosen][:, None] + np.arange(size)
        total = np.zeros(len(chosen), np.float32)
        for slot in self._vectors.slots:
            left, right = (
                self._vectors.rows(slot, self._rows[places].ravel())
                .reshape(len(chosen), size, -1)
                .sum(axis=1)
                for places in (first, first + size)
            )
            total += (_units(left) * _units(right)).sum(axis=1)
        return total / np.float32(len(self._vectors.slots))

    @cached_property
    def _means(self) -> tuple[Vectors, Vectors, Vectors]:
        chosen = self._some(np.flatnonzero(self._sizes > 2), PERFORMERS, 3)
        if len(chosen) < 2:
            return _NONE, _NONE, _NONE
        places, owners = self._faces_of(chosen)
        rows, everyone, dice = self._rows[places], np.ones(len(places), bool), self._dice(6)
        sums = centres(self._vectors, rows, owners, everyone, len(chosen))
        own = to_own(self._vectors, rows, owners, everyone, sums)
        other = (owners + dice.integers(1, len(chosen), len(owners))) % len(chosen)
        step = dice.integers(1, len(chosen), len(chosen))
        another = (np.arange(len(chosen)) + step) % len(chosen)
        far, between = np.zeros(len(rows), np.float32), np.zeros(len(chosen), np.float32)
        for slot, total in sums.items():
            units = _units(total)
            far += (self._vectors.rows(slot, rows) * units[other]).sum(axis=1) / len(sums)
            between += (units * units[another]).sum(axis=1) / len(sums)
        return own, far, between

    def _faces_of(self, chosen: Numbers) -> tuple[Numbers, Numbers]:
        """Places of all faces of the performers `chosen`, and whose each is, as its place there."""
        sizes = self._sizes[chosen]
        owners = np.repeat(np.arange(len(chosen)), sizes)
        inside = np.arange(len(owners)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return self._starts[chosen][owners] + inside, owners

    def _some(self, places: Numbers, most: int, number: int) -> Numbers:
        return np.sort(self._dice(number).permutation(places)[:most])

    def _dice(self, number: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, number])


def _units(vectors: Vectors) -> Vectors:
    units: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return units
