"""Faces that adults-only keeps out, whatever they look like."""

from __future__ import annotations

import polars as pl

QUARANTINED = "quarantined"


def without_quarantined(judged: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The faces of performers who may be in the release, and those of people in quarantine.

    The latter are looked at like all others until then, so that no other performer keeps a face
    that is theirs; now their verdict is `quarantined`, beside whom else was found to have it.
    """
    out = pl.col("quarantined")
    rule = pl.lit(QUARANTINED).alias("rule")
    return judged.filter(~out), judged.filter(out).with_columns(rule)
