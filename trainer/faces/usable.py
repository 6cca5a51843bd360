"""Which pictures of the face cache show one face that can be used, and how good it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from trainer.faces.cache import cache_parts, read_part_figures
from trainer.faces.quality import quality
from trainer.faces.select import MIN_FACE_SIDE

_FACE = ("outcome", "faces_in_image", "box", "detector_score", "sharpness", "yaw")


def usable_faces(cache: Path) -> pl.DataFrame:
    """Return sha256, usable and quality by picture of a face cache.

    A picture is usable where it shows one face that is large enough; only such have a quality.
    """
    return usable_in(cache_parts(cache))


def usable_in(paths: Sequence[Path]) -> pl.DataFrame:
    """As `usable_faces`, of some parts of a cache."""
    figures = read_part_figures(paths, ["image_sha256", "face_no", *_FACE])
    side = pl.min_horizontal(pl.col("box").arr.get(2), pl.col("box").arr.get(3))
    single = (pl.col("outcome") == "face") & (pl.col("faces_in_image") == 1)
    usable = (single & (side >= MIN_FACE_SIDE)).fill_null(False)
    return (
        figures.select(pl.col("image_sha256").alias("sha256"), usable.alias("usable"), quality())
        .sort("sha256", "usable", descending=[False, True])
        .unique("sha256", keep="first", maintain_order=True)
        .select(
            "sha256",
            "usable",
            pl.when("usable").then(pl.col("quality_score")).cast(pl.Float32).alias("quality"),
        )
    )
