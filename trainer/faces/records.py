"""How alike the faces of two records are: supporting evidence of who is who, never more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from trainer.faces.agree import MIN_AGREEMENT, Numbers, Vectors, paired
from trainer.faces.cache import FaceVectors, read_figures, read_vectors
from trainer.faces.centres import centres, lengths
from trainer.state.store import Claim

ALIKE = 0.65  # cosine of the mean faces, over both models: hardly a stranger's
FAR_APART = 0.20  # hardly the same person's, where each record has pictures that agree
MOST_PICTURES = 5  # of a record


class RecordFaces:
    """Likeness of records by their pictures with one face.

    Called with two records: the cosine of their mean faces where it speaks for one person, 0 where
    it says nothing, -1 where the faces are far apart, None where one of them has no face.
    """

    def __init__(self, pictures: Mapping[Claim, Sequence[str]], cache: Path) -> None:
        """`pictures`: sha256 of each record's pictures, its best first."""
        wanted = {sha for shas in pictures.values() for sha in shas}
        figures = read_figures(cache).filter(
            pl.col("image_sha256").is_in(list(wanted))
            & (pl.col("outcome") == "face")
            & (pl.col("faces_in_image") == 1)
        )
        vectors = read_vectors(cache, figures["image_sha256"].to_list())
        rows = dict(
            vectors.keys.filter(pl.col("face_no") == 0).select("image_sha256", "row").rows()
        )
        self._place: dict[Claim, int] = {}
        chosen: list[int] = []
        owners: list[int] = []
        for claim, shas in sorted(pictures.items()):
            own = sorted({rows[sha] for sha in shas if sha in rows})[:MOST_PICTURES]
            if own:
                owners += [self._place.setdefault(claim, len(self._place))] * len(own)
                chosen += own
        numbers = np.asarray(chosen, np.int64), np.asarray(owners, np.int64)
        self._means = _means(vectors, *numbers, len(self._place))
        self._sure = _least_alike(vectors, *numbers, len(self._place)) >= MIN_AGREEMENT

    def __call__(self, one: Claim, other: Claim) -> float | None:
        here, there = self._place.get(one), self._place.get(other)
        if here is None or there is None:
            return None
        cosine = float(np.mean([mean[here] @ mean[there] for mean in self._means]))
        if cosine >= ALIKE:
            return min(cosine, 1.0)
        sure = bool(self._sure[here] and self._sure[there])
        return -1.0 if sure and cosine < FAR_APART else 0.0


def _means(vectors: FaceVectors, rows: Numbers, owners: Numbers, count: int) -> list[Vectors]:
    """Unit mean of each record's vectors, (count, width) a model."""
    sums = centres(vectors, rows, owners, np.ones(len(rows), bool), count)
    return [np.divide(total, lengths(total)[:, None], out=total) for total in sums.values()]


def _least_alike(vectors: FaceVectors, rows: Numbers, owners: Numbers, count: int) -> Vectors:
    """The smallest cosine of two faces of each record, (count,); -1 where there is one face."""
    least = np.full(count, np.inf, np.float32)
    for step in range(1, MOST_PICTURES):
        left = np.flatnonzero(owners[:-step] == owners[step:])
        np.minimum.at(least, owners[left], paired(vectors, rows[left], rows[left + step]))
    return np.where(np.isfinite(least), least, np.float32(-1))
