"""What `max_faces_total` costs: faces in the release and rank-1 for each value of it.

On a sample of performers, one face of each is searched among the faces that the others, and its
own performer, would keep. The sample's performers are the gallery, so the figures compare the
values with each other; they are no release's rank-1.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from trainer.faces.cache import FaceVectors
from trainer.faces.select import ACCEPTED, KEYS, OVER, Caps, with_allowed
from trainer.faces.spread import spread
from trainer.faces.trust import with_rows

TOTALS: Final = range(1, 13)
SAMPLE: Final = 1_000  # performers
Flags = npt.NDArray[np.bool_]


class CapCost(NamedTuple):
    """`faces` of the whole release, `rank_1` of `probes` searched faces; None where there are
    none."""

    max_faces_total: int
    faces: int
    probes: int
    rank_1: float | None


def cap_costs(capped: pl.DataFrame, vectors: FaceVectors, caps: Caps, seed: int) -> list[CapCost]:
    """One for each of TOTALS. `capped`: what `select.cap` gives; `vectors` hold all its faces."""
    limited = with_allowed(capped.filter(pl.col("rule").is_in([*ACCEPTED, *OVER])), caps)
    sizes = _sizes(limited)
    faces, probes = _sampled(limited, seed)
    rows = with_rows(faces, vectors)["row"].to_numpy()
    owners = faces["performer_id"].to_numpy()
    near = _cosines(vectors, rows[probes], rows)
    near[:, probes] = -np.inf
    return [
        CapCost(
            total,
            int(np.minimum(sizes, total).sum()),
            int(probes.sum()),
            _rank_1(near, owners, probes, _kept(faces, ~probes, total)),
        )
        for total in TOTALS
    ]


def _sizes(limited: pl.DataFrame) -> npt.NDArray[np.int64]:
    """How many faces each performer would have without `max_faces_total`."""
    by_source = limited.group_by("performer_id", "source").agg(
        pl.min_horizontal(pl.len().cast(pl.Int64), pl.col("allowed").first()).alias("kept")
    )
    return by_source.group_by("performer_id").agg(pl.col("kept").sum())["kept"].to_numpy()


def _sampled(limited: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, Flags]:
    """All faces of some performers who have two and more; which one of each is searched."""
    several = limited.filter(pl.len().over("performer_id") > 1).sort(KEYS)
    draw = np.random.default_rng(seed)
    ids = several["performer_id"].unique().sort().to_numpy()
    chosen = pl.Series(draw.permutation(ids)[:SAMPLE], dtype=pl.Int64)
    faces = several.filter(pl.col("performer_id").is_in(chosen.implode()))
    order = faces.with_columns(pl.Series("draw", draw.random(len(faces))))
    probe = pl.col("draw") == pl.col("draw").min().over("performer_id")
    return faces, order.select(probe).to_series().to_numpy()


def _kept(faces: pl.DataFrame, among: Flags, total: int) -> Flags:
    """Which of `faces` would stay if only those `among` them were there."""
    numbered = faces.with_row_index("place").filter(pl.Series(among))
    picked = spread(numbered, total).filter(pl.col("pick") == "kept")
    kept = np.zeros(len(faces), bool)
    kept[picked["place"].to_numpy()] = True
    return kept


def _cosines(
    vectors: FaceVectors, left: npt.NDArray[np.int64], right: npt.NDArray[np.int64]
) -> npt.NDArray[np.float32]:
    """Averaged over the models, (len(left), len(right))."""
    total = np.zeros((len(left), len(right)), np.float32)
    for slot in vectors.slots:
        total += vectors.rows(slot, left) @ vectors.rows(slot, right).T / len(vectors.slots)
    return total


def _rank_1(
    near: npt.NDArray[np.float32], owners: npt.NDArray[np.int64], probes: Flags, kept: Flags
) -> float | None:
    if not probes.any():
        return None
    nearest = owners[kept][near[:, kept].argmax(axis=1)]
    return float((nearest == owners[probes]).mean())
