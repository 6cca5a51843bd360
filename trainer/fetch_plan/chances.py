"""What a picture is likely to give, by its source and form, from what such pictures gave so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl

from trainer.fetch_plan.columns import ADVERTISED, GOOD, NONE, SourceRule

SMALL_SIDE = 200  # pixels: a face in a smaller picture is rarely large enough
WIDE = 1.2  # width over height: scenes with several people rather than portraits
PRIOR_IMAGES = 20  # as many pictures of a form say as much as the values below
BY_FORM: Final = {"upright": 0.85, "unknown": 0.8, "wide": 0.7, "small": 0.4}
BY_TRUST: Final = {"high": 1.0, "medium": 0.9, "low": 0.7}
MEAN, DEVIATION = 1.0, 0.35  # of the quality score, while no face is known
LEAST_DEVIATION = 0.01


def with_chances(images: pl.DataFrame, sources: Mapping[str, SourceRule]) -> pl.DataFrame:
    """Return ADVERTISED with `chance` of a face that can be used, and `mean` and `deviation` of its
    quality."""
    trusts = {key: BY_TRUST[rule.trust] for key, rule in sources.items()}
    formed = images.with_columns(
        _form().alias("form"),
        pl.col("source").replace_strict(trusts, return_dtype=pl.Float64).alias("trusted"),
    )
    seen = (
        formed.filter(pl.col("outcome").is_in([GOOD, NONE]))
        .group_by("source", "form")
        .agg(
            (pl.col("outcome") == GOOD).sum().alias("good"),
            pl.len().alias("tried"),
            pl.col("quality").cast(pl.Float64).mean().alias("own_mean"),
            pl.col("quality").cast(pl.Float64).std().alias("own_deviation"),
        )
    )
    prior = pl.col("form").replace_strict(BY_FORM, return_dtype=pl.Float64) * pl.col("trusted")
    good, tried = (pl.col(name).fill_null(0) for name in ("good", "tried"))
    mean, deviation = _all_together(images)
    return (
        formed.join(seen, on=["source", "form"], how="left", maintain_order="left")
        .with_columns(
            ((good + PRIOR_IMAGES * prior) / (tried + PRIOR_IMAGES)).alias("chance"),
            _own("own_mean", mean).alias("mean"),
            _own("own_deviation", deviation).clip(LEAST_DEVIATION).alias("deviation"),
        )
        .select(*ADVERTISED, "chance", "mean", "deviation")
    )


def _form() -> pl.Expr:
    width, height = pl.col("width"), pl.col("height")
    return (
        pl.when(width.is_null() | height.is_null())
        .then(pl.lit("unknown"))
        .when(pl.min_horizontal(width, height) < SMALL_SIDE)
        .then(pl.lit("small"))
        .when(width > WIDE * height)
        .then(pl.lit("wide"))
        .otherwise(pl.lit("upright"))
    )


def _all_together(images: pl.DataFrame) -> tuple[float, float]:
    """Mean and deviation of all known faces: for forms of which too few are known."""
    found = images.filter(pl.col("outcome") == GOOD)["quality"].drop_nulls()
    if len(found) < PRIOR_IMAGES:
        return MEAN, DEVIATION
    known = found.to_numpy().astype(np.float64)
    return float(known.mean()), float(known.std())


def _own(column: str, otherwise: float) -> pl.Expr:
    enough = (pl.col("good") >= PRIOR_IMAGES) & pl.col(column).is_not_null()
    return pl.when(enough).then(pl.col(column)).otherwise(pl.lit(otherwise))
