"""How alike the faces of two records are: supporting evidence of one person, never more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from trainer.faces.agreement import Vectors, similarities
from trainer.faces.cache import read_figures, read_vectors
from trainer.faces.measure_limits import measure_record_limits
from trainer.state.store import Claim

MOST_IMAGES = 5  # of a record
SEED = 20260101  # of the samples that limits are measured on
_FIGURES = ("image_sha256", "face_no", "outcome", "faces_in_image")


class RecordFaces:
    """Likeness of records by their pictures with one face.

    Called with two records: the cosine of their mean faces where it speaks for one person, 0 where
    it says nothing, -1 where the faces are far apart, None where one of them has no face.
    """

    def __init__(self, images: Mapping[Claim, Sequence[str]], cache: Path) -> None:
        """`images`: sha256 of each record's pictures, its best first."""
        wanted = {sha for shas in images.values() for sha in shas}
        figures = read_figures(cache, _FIGURES).filter(
            pl.col("image_sha256").is_in(list(wanted))
            & (pl.col("outcome") == "face")
            & (pl.col("faces_in_image") == 1)
        )
        self._vectors = read_vectors(cache, figures["image_sha256"].to_list())
        keys = self._vectors.keys.filter(pl.col("face_no") == 0)
        self._row = dict(keys.select("image_sha256", "row").iter_rows())
        self._images = images
        self._known: dict[Claim, tuple[Vectors, bool]] = {}

    def __call__(self, left: Claim, right: Claim) -> float | None:
        mine, theirs = self._rows(left), self._rows(right)
        if not mine or not theirs:
            return None
        here, there = self._mean(left, mine), self._mean(right, theirs)
        cosine = float((here[0] * there[0]).sum(axis=1).mean())
        alike, far_apart, _ = self._limits
        if cosine >= alike:
            return min(cosine, 1.0)
        return -1.0 if here[1] and there[1] and cosine < far_apart else 0.0

    @cached_property
    def _limits(self) -> tuple[float, float, float]:
        """Measured on these records' own faces."""
        rows = [
            (number, sha, 0)
            for number, claim in enumerate(sorted(self._images))
            for sha in sorted(set(self._images[claim]))
            if sha in self._row
        ]
        schema = {"performer_id": pl.Int64, "image_sha256": pl.String, "face_no": pl.Int16}
        faces = pl.DataFrame(rows, schema=schema, orient="row")
        return measure_record_limits(faces, self._vectors, SEED)

    def _rows(self, claim: Claim) -> list[int]:
        """Of its best images, whatever the order in which the embedder came to them."""
        shas = dict.fromkeys(self._images.get(claim, ()))
        return [self._row[sha] for sha in shas if sha in self._row][:MOST_IMAGES]

    def _mean(self, claim: Claim, rows: list[int]) -> tuple[Vectors, bool]:
        """Unit mean of each model's vectors, (models, width), and whether several pictures agree.

        Of most records nobody asks: they are looked at when somebody does.
        """
        if claim not in self._known:
            self._known[claim] = self._measured(rows)
        return self._known[claim]

    def _measured(self, rows: list[int]) -> tuple[Vectors, bool]:
        numbers, vectors = np.asarray(rows, np.int64), self._vectors
        means = np.stack([vectors.rows(slot, numbers).mean(axis=0) for slot in vectors.slots])
        means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
        sure = len(rows) > 1 and float(similarities(vectors, rows).min()) >= self._limits[2]
        return means, sure
