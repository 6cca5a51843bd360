"""Faces that adults-only keeps out, whatever they look like."""

from __future__ import annotations

import numpy as np
import polars as pl

from trainer.faces.agreement import SAME_IMAGE_BITS
from trainer.faces.select import SEVERAL, SINGLE

QUARANTINED = "quarantined"
EARLY = "dated_before_adult"
_IMAGE = ["performer_id", "image_sha256"]


def mark_early(judged: pl.DataFrame) -> pl.DataFrame:
    """`judged` with rule EARLY for pictures that say they are of before the person turned 18.

    `taken_on` counts against `adult_from`, the last day on which that can have been, unless the
    picture was fetched before: then its camera's clock was wrong. Near-equal copies that say
    nothing are meant as well. Of people in quarantine none is marked: theirs have to stay, so that
    nobody else gets them.
    """
    dated = pl.col("taken_on") < pl.col("adult_from")
    possible = pl.col("taken_on") <= pl.col("fetched_at").str.slice(0, 10)
    early = judged.filter(dated & possible & ~pl.col("quarantined"))
    if early.is_empty():
        return judged
    images = pl.concat([early.select(_IMAGE), _copies(judged, early)]).unique()
    marked = judged.join(
        images.with_columns(early=True), on=_IMAGE, how="left", maintain_order="left"
    )
    hit = pl.col("early").fill_null(value=False) & pl.col("rule").is_in([SINGLE, SEVERAL])
    rule = pl.when(hit).then(pl.lit(EARLY)).otherwise(pl.col("rule"))
    return marked.with_columns(rule.alias("rule")).drop("early")


def _copies(judged: pl.DataFrame, early: pl.DataFrame) -> pl.DataFrame:
    """The same performers' pictures that are near-equal to an early one."""
    pairs = early.select("performer_id", "phash").join(
        judged.select(*_IMAGE, "phash"), on="performer_id", suffix="_other"
    )
    pairs = pairs.drop_nulls(["phash", "phash_other"])
    left, right = (
        np.frombuffer(b"".join(pairs[name].to_list()), ">u8") for name in ("phash", "phash_other")
    )
    return pairs.filter(np.bitwise_count(left ^ right) < SAME_IMAGE_BITS).select(_IMAGE)


def without_quarantined(judged: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The faces of performers who may be in the release, and those of people in quarantine.

    The latter are looked at like all others until then, so that no other performer keeps a face
    that is theirs; now their rule is `quarantined`, beside whom else was found to have it.
    """
    out = pl.col("quarantined")
    rule = pl.lit(QUARANTINED).alias("rule")
    return judged.filter(~out), judged.filter(out).with_columns(rule)
