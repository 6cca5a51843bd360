"""Pictures in a face cache that may be turned: older trainers embedded them as they were published.

Upright faces come out of the embedder as they did, bit by bit; so only these are embedded again,
and a pack keeps its id.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from trainer.embedding.pack import MATTERS, DetectorRule
from trainer.faces.cache import read_figures

_COLUMNS = ("image_sha256", "face_no", "outcome", "box", "landmarks", "detector_score", "turn")


def doubtful_images(cache_dir: Path, rule: DetectorRule) -> set[str]:
    """sha256 of pictures that were never looked at in other turns and show no face, or a larger one
    that is not clearly upright: those that the embedder looks at again."""
    old = read_figures(cache_dir, _COLUMNS).filter(pl.col("turn").is_null())
    seen = old.filter(pl.col("outcome") == "face").drop_nulls(["box", "landmarks"])
    side = pl.max_horizontal(pl.col("box").arr.get(2), pl.col("box").arr.get(3))
    sides = seen.with_columns(side.alias("side"), _stands(seen).alias("stands"))
    large = pl.col("side") >= MATTERS * pl.col("side").max().over("image_sha256")
    clear = pl.col("stands") & (pl.col("detector_score") >= pl.lit(rule.clear, pl.Float32))
    unclear = sides.filter(large & ~clear)
    nobody = old.filter(pl.col("outcome") == "no_face")
    return {*unclear["image_sha256"], *nobody["image_sha256"]}


def _stands(faces: pl.DataFrame) -> pl.Series:
    """Eyes above nose above mouth, the axis between them nearer to straight down than across."""
    points = faces["landmarks"].to_numpy().reshape(-1, 5, 2).astype(np.float64)
    eyes, nose, mouth = points[:, :2].mean(1), points[:, 2], points[:, 3:].mean(1)
    across, down = (mouth - eyes).T
    ordered = (eyes[:, 1] < nose[:, 1]) & (nose[:, 1] < mouth[:, 1])
    return pl.Series(ordered & (np.abs(across) <= down), dtype=pl.Boolean)
