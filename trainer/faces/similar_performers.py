"""Pairs of performers whose faces are as alike as one person's: listed twice, perhaps.

The means of all performers' accepted faces are compared with each other in every build. A first
filter in their main directions adds to each cosine what the other directions could add at most, so
that it misses no pair; what passes is compared exactly.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from trainer.faces.agreement import Numbers, Vectors
from trainer.faces.cache import FaceVectors
from trainer.faces.centres import centres
from trainer.faces.trust import with_rows

MIN_FACES = 2  # of either performer; an only face is the contamination scan's
KEPT_BELOW = 0.05  # pairs so far below the limit are remembered: the next build's may be lower
_HELD, _MOST_DIRECTIONS, _LOOKED_AT = 0.95, 256, 8_192
_MOST_CHANGED = 0.05  # of the performers; more of them cost more than comparing all again
_TILE = 2_048
_KEYS = ["performer_id", "image_sha256", "face_no"]
_SCHEMA = {
    "performer_id": pl.Int64,
    "digest": pl.String,
    "other_performer_id": pl.Int64,
    "cosine": pl.Float64,
    "floor": pl.Float64,
}


class SimilarPerformers:
    """`pairs`: performer_id, other_performer_id (the greater), cosine, faces (of the smaller one),
    those at and over the limit. `memory`: what the next build's search goes on from."""

    def __init__(
        self,
        faces: pl.DataFrame,
        vectors: FaceVectors,
        limits: Mapping[int, float],
        remembered: pl.DataFrame | None = None,
    ) -> None:
        """`faces`: KEYS of all accepted faces; `limits`: the cosine of two means by the number of
        faces of the smaller performer, the largest number standing for more."""
        several = faces.select(_KEYS).filter(pl.len().over("performer_id") >= MIN_FACES).sort(_KEYS)
        self.limits = dict(limits)
        self._floor = min(limits.values()) - KEPT_BELOW
        self._digests = _digests(several)
        self.ids, owners, self.sizes = np.unique(
            several["performer_id"].to_numpy(), return_inverse=True, return_counts=True
        )
        rows = with_rows(several, vectors)["row"].to_numpy()
        units = _units(vectors, rows, owners, len(self.ids))
        left, right, cosines = self._found(units, remembered)
        self.pairs = self._over_limit(left, right, cosines)
        self.memory = self._memory(left, right, cosines)

    def _found(
        self, units: Vectors, remembered: pl.DataFrame | None
    ) -> tuple[Numbers, Numbers, Vectors]:
        """Return the places of all pairs at and over the floor, each once, and their cosines."""
        known = self._recalled(remembered)
        if known is None:
            return _joined(_all_pairs(units, self._floor))
        unchanged, kept = known
        changed = np.flatnonzero(~unchanged)
        return _joined([kept, *_pairs_of(units, changed, self._floor)])

    def _recalled(
        self, remembered: pl.DataFrame | None
    ) -> tuple[npt.NDArray[np.bool_], tuple[Numbers, Numbers, Vectors]] | None:
        """Return whose faces are the same as before, and the pairs among these; None where
        comparing everybody anew costs less, or a higher floor held then."""
        if remembered is None or not self._has_all_pairs(remembered):
            return None
        before = dict(remembered.select("performer_id", "digest").drop_nulls().iter_rows())
        same = [before.get(i) == self._digests[i] for i in self.ids.tolist()]
        unchanged = np.array(same, bool)
        if (~unchanged).sum() > _MOST_CHANGED * len(unchanged):
            return None
        return unchanged, self._pairs_among(unchanged, remembered)

    def _has_all_pairs(self, remembered: pl.DataFrame) -> bool:
        """Does the memory reach down to the floor of today?"""
        if not len(self.ids) or remembered["floor"].is_null().all():
            return False
        return bool(remembered["floor"].max() <= self._floor)  # type: ignore[operator]

    def _pairs_among(
        self, unchanged: npt.NDArray[np.bool_], remembered: pl.DataFrame
    ) -> tuple[Numbers, Numbers, Vectors]:
        """Return the remembered pairs of two unchanged performers, at and over the floor."""
        place = {number: at for at, number in enumerate(self.ids.tolist()) if unchanged[at]}
        rows = [
            (place[left], place[right], cosine)
            for left, right, cosine in remembered.drop_nulls("other_performer_id")
            .select("performer_id", "other_performer_id", "cosine")
            .iter_rows()
            if left in place and right in place and cosine >= self._floor
        ]
        lefts, rights, cosines = zip(*rows, strict=True) if rows else ((), (), ())
        return np.array(lefts, int), np.array(rights, int), np.array(cosines, np.float32)

    def _over_limit(self, left: Numbers, right: Numbers, cosines: Vectors) -> pl.DataFrame:
        faces = np.minimum(self.sizes[left], self.sizes[right])
        most = max(self.limits)
        limit = np.array([self.limits[min(int(n), most)] for n in faces], np.float64)
        over = cosines >= limit
        frame = pl.DataFrame(
            {
                "performer_id": self.ids[left[over]],
                "other_performer_id": self.ids[right[over]],
                "cosine": cosines[over].astype(np.float64),
                "limit": limit[over],
                "faces": faces[over],
            }
        )
        return frame.sort("performer_id", "other_performer_id")

    def _memory(self, left: Numbers, right: Numbers, cosines: Vectors) -> pl.DataFrame:
        everyone = pl.DataFrame(
            {
                "performer_id": self.ids,
                "digest": [self._digests[number] for number in self.ids.tolist()],
                "floor": [self._floor] * len(self.ids),
            }
        )
        pairs = pl.DataFrame(
            {
                "performer_id": self.ids[left],
                "other_performer_id": self.ids[right],
                "cosine": cosines.astype(np.float64),
            }
        )
        both = pl.concat([pl.DataFrame(schema=_SCHEMA), everyone, pairs], how="diagonal_relaxed")
        return both.select(*_SCHEMA).sort("performer_id", "other_performer_id", nulls_last=False)


def _digests(faces: pl.DataFrame) -> dict[int, str]:
    """Return a hash per performer of the faces that their mean is made of."""
    key = pl.concat_str("image_sha256", "face_no", separator=":")
    texts = faces.group_by("performer_id", maintain_order=True).agg(key.str.join(" ").alias("keys"))
    return {
        number: hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
        for number, text in texts.iter_rows()
    }


def _units(vectors: FaceVectors, rows: Numbers, owners: Numbers, count: int) -> Vectors:
    """Return both models' unit means side by side: their products are the cosines' mean."""
    sums = centres(vectors, rows, owners, np.ones(len(rows), bool), count)
    parts = [s / np.maximum(np.linalg.norm(s, axis=1, keepdims=True), 1e-9) for s in sums.values()]
    units = np.concatenate(parts, axis=1)
    units /= np.float32(np.sqrt(len(parts)))
    return units


def _all_pairs(units: Vectors, floor: float) -> Iterator[tuple[Numbers, Numbers, Vectors]]:
    low = _bounded(units)
    for start in range(0, len(units), _TILE):
        for other in range(start, len(units), _TILE):
            near = low[start : start + _TILE] @ low[other : other + _TILE].T >= floor
            left, right = np.nonzero(np.triu(near, 1) if start == other else near)
            yield _exact(units, left + start, right + other, floor)


def _pairs_of(
    units: Vectors, some: Numbers, floor: float
) -> Iterator[tuple[Numbers, Numbers, Vectors]]:
    """Yield the pairs of the performers at `some` with everybody, exactly, each once."""
    among = np.zeros(len(units), bool)
    among[some] = True
    for start in range(0, len(some), _TILE):
        part = some[start : start + _TILE]
        at, near = np.nonzero(units[part] @ units.T >= floor)
        own = part[at]
        once = (own < near) | ((own > near) & ~among[near])
        left, right = np.minimum(own, near)[once], np.maximum(own, near)[once]
        yield _exact(units, left, right, floor)


def _bounded(units: Vectors) -> Vectors:
    """Return vectors whose products are never under those of `units`: their main directions, and
    the length of the rest."""
    if not len(units):
        return units
    sample = units[:: -(-len(units) // _LOOKED_AT)]
    values, directions = np.linalg.eigh(sample.T @ sample)
    held = np.cumsum(values[::-1]) / max(float(values.sum()), 1e-9)
    count = min(int(np.searchsorted(held, _HELD)) + 1, _MOST_DIRECTIONS)
    low = units @ np.ascontiguousarray(directions[:, ::-1][:, :count])
    rest = np.sqrt(np.maximum(1 - np.einsum("nd,nd->n", low, low), 0))
    return np.concatenate([low, rest[:, None] + np.float32(1e-4)], axis=1).astype(np.float32)


def _exact(
    units: Vectors, left: Numbers, right: Numbers, floor: float
) -> tuple[Numbers, Numbers, Vectors]:
    cosines = np.empty(len(left), np.float32)
    for start in range(0, len(left), _TILE):
        part = slice(start, start + _TILE)
        cosines[part] = np.einsum("nd,nd->n", units[left[part]], units[right[part]])
    over = cosines >= floor
    return left[over], right[over], cosines[over]


def _joined(
    found: Iterable[tuple[Numbers, Numbers, Vectors]],
) -> tuple[Numbers, Numbers, Vectors]:
    nothing = np.zeros(0, int), np.zeros(0, int), np.zeros(0, np.float32)
    left, right, cosines = map(np.concatenate, zip(nothing, *found, strict=True))
    return left, right, cosines
