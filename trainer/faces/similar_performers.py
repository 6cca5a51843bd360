"""Pairs of performers whose faces are as alike as one person's: listed twice, perhaps.

The means of all performers' accepted faces are compared with each other, in a later build those
that have changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from trainer.faces.agreement import Numbers, Vectors
from trainer.faces.cache import FaceVectors
from trainer.faces.centres import centres
from trainer.faces.near_pairs import Pairs, all_pairs, joined, pairs_of
from trainer.faces.trust import with_rows

MIN_FACES = 2  # of either performer; an only face is the contamination scan's
KEPT_BELOW = 0.05  # pairs so far below the limit are remembered: the next build's may be lower
_MOST_CHANGED = 0.05  # of the performers; more of them cost more than comparing all again
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

    def _found(self, units: Vectors, remembered: pl.DataFrame | None) -> Pairs:
        """Return the places of all pairs at and over the floor, each once, and their cosines."""
        known = self._recalled(remembered)
        if known is None:
            return joined(all_pairs(units, self._floor))
        unchanged, kept = known
        changed = np.flatnonzero(~unchanged)
        return joined([kept, *pairs_of(units, changed, self._floor)])

    def _recalled(
        self, remembered: pl.DataFrame | None
    ) -> tuple[npt.NDArray[np.bool_], Pairs] | None:
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

    def _pairs_among(self, unchanged: npt.NDArray[np.bool_], remembered: pl.DataFrame) -> Pairs:
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
    for total in sums.values():  # in place: they are as large as vectors of a face each
        lengths = np.linalg.norm(total, axis=1, keepdims=True)
        np.divide(total, np.maximum(lengths, 1e-9), out=total)
    units = np.concatenate(list(sums.values()), axis=1)
    units /= np.float32(np.sqrt(len(sums)))
    return units
