"""One number that ranks faces: higher is better, never clipped."""

from __future__ import annotations

import polars as pl

REFERENCE_SIDE = 112.0  # pixels: what the recognition models look at
REFERENCE_SHARPNESS = 100.0  # variance of the Laplacian of an ordinary, focused portrait


def quality() -> pl.Expr:
    """Detector score x size x sharpness x frontality.

    Size and sharpness count with diminishing returns (roots), so that a huge blurred face does
    not beat a good one; the yaw counts as the share of the face that is seen.
    """
    side = pl.min_horizontal(pl.col("box").arr.get(2), pl.col("box").arr.get(3))
    size = (side / REFERENCE_SIDE).sqrt()
    sharpness = (pl.col("sharpness") / REFERENCE_SHARPNESS).clip(0.0).sqrt().sqrt()
    frontality = pl.col("yaw").radians().cos().clip(0.05)
    return (pl.col("detector_score") * size * sharpness * frontality).alias("quality_score")
