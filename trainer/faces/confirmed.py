"""Faces that a person confirmed, although they looked like somebody else's."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from trainer.faces.contamination import FAR, NEARER, OF_ANOTHER
from trainer.faces.select import CONFIRMED, KEYS
from trainer.identity.confirmations import ConfirmedFace

DOUBTED = (OF_ANOTHER, NEARER, FAR)
_RECORD = ["source", "source_id"]


def readmit(
    judged: pl.DataFrame, owners: pl.DataFrame, confirmed: Collection[ConfirmedFace]
) -> pl.DataFrame:
    """`judged` with rule CONFIRMED for the confirmed faces that the contamination scan took out.

    `owners`: performer_id, source, source_id. Other rules hold: a person can't confirm a face that
    is excluded, or of a picture dated before its performer was an adult.
    """
    if not confirmed:
        return judged
    rows = [(face.image_sha256, face.face_no, *face.owner) for face in confirmed]
    named = pl.DataFrame(rows, schema=["image_sha256", "face_no", *_RECORD], orient="row")
    named = named.cast({"face_no": judged.schema["face_no"]})
    found = named.join(owners, on=_RECORD).select(KEYS).unique()
    marked = judged.join(found.with_columns(sure=True), on=KEYS, how="left", maintain_order="left")
    hit = pl.col("sure").fill_null(value=False) & pl.col("rule").is_in(DOUBTED)
    rule = pl.when(hit).then(pl.lit(CONFIRMED)).otherwise(pl.col("rule"))
    return marked.with_columns(rule.alias("rule")).drop("sure")
