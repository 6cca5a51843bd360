"""How alike the faces of two records are: supporting evidence of who is who, never more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from trainer.faces.agree import MIN_AGREEMENT, Vectors, similarities
from trainer.faces.cache import FaceVectors, read_figures, read_vectors
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
        self._means: dict[Claim, Vectors] = {}
        self._sure: set[Claim] = set()
        for claim, shas in sorted(pictures.items()):
            own = sorted({rows[sha] for sha in shas if sha in rows})[:MOST_PICTURES]
            if own:
                self._means[claim] = _mean(vectors, own)
                if len(own) > 1 and float(similarities(vectors, own).min()) >= MIN_AGREEMENT:
                    self._sure.add(claim)

    def __call__(self, one: Claim, other: Claim) -> float | None:
        if one not in self._means or other not in self._means:
            return None
        cosine = float((self._means[one] * self._means[other]).sum()) / len(self._means[one])
        if cosine >= ALIKE:
            return min(cosine, 1.0)
        sure = one in self._sure and other in self._sure
        return -1.0 if sure and cosine < FAR_APART else 0.0


def _mean(vectors: FaceVectors, rows: list[int]) -> Vectors:
    """Unit mean of each model's vectors, (models, width)."""
    numbers = np.asarray(rows, np.int64)
    means = np.stack([vectors.rows(slot, numbers).mean(axis=0) for slot in vectors.slots])
    lengths = np.linalg.norm(means, axis=1, keepdims=True)
    result: Vectors = means / np.maximum(lengths, 1e-9)
    return result
