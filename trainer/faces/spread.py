"""Which faces stay where there are too many: good ones that differ.

Each pick takes the best by quality, discounted for every face already picked that looks to the same
side, comes from the same source, or was fetched in the same quarter of a year (sources give
pictures no date; what came later is mostly newer).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

TURNED = 20.0  # degrees: beyond it a face looks to a side
SAME_SIDE, SAME_SOURCE, SAME_TIME = 0.8, 0.9, 0.95
OVER_SOURCE, OVER_TOTAL = "over_cap", "over_total"
_ORDER = ["performer_id", "quality_score", "image_sha256", "face_no"]

Numbers = npt.NDArray[np.int64]


def spread(accepted: pl.DataFrame, total: int) -> pl.DataFrame:
    """`accepted` (with `allowed`, the cap of its source) with `pick`: `kept`, or why it is not."""
    faces = accepted.sort(_ORDER, descending=[False, True, False, False]).with_columns(_traits())
    owners = faces["performer_id"].to_numpy()
    bounds = [0, *(np.flatnonzero(owners[1:] != owners[:-1]) + 1).tolist(), len(faces)]
    quality = faces["quality_score"].to_numpy()
    allowed = faces["allowed"].to_numpy()
    traits = [faces[name].to_numpy() for name in ("_side", "_source", "_time")]
    picks = np.full(len(faces), "kept", dtype=object)
    for start, end in pairwise(bounds):
        own = slice(start, end)
        if end == start or end - start <= min(total, int(allowed[own].min())):
            continue  # nobody is over a cap
        sources = traits[1][own]
        picks[own] = _pick(quality[own], allowed[own], [t[own] for t in traits], sources, total)
    return faces.with_columns(pl.Series("pick", picks, pl.String)).drop("_side", "_source", "_time")


def _traits() -> list[pl.Expr]:
    side = pl.when(pl.col("yaw") > TURNED).then(1).when(pl.col("yaw") < -TURNED).then(-1)
    month = pl.col("fetched_at").str.slice(5, 2).cast(pl.Int64, strict=False).fill_null(1)
    year = pl.col("fetched_at").str.slice(0, 4).cast(pl.Int64, strict=False).fill_null(0)
    return [
        side.otherwise(0).cast(pl.Int64).alias("_side"),
        pl.col("source").rank("dense").cast(pl.Int64).alias("_source"),
        (year * 4 + (month - 1) // 3).alias("_time"),
    ]


def _pick(
    quality: npt.NDArray[np.float64],
    allowed: Numbers,
    traits: list[Numbers],
    sources: Numbers,
    total: int,
) -> list[str]:
    """Of one performer's faces, best first; equal ones by their order."""
    weight = quality.astype(np.float64).copy()
    result = [OVER_TOTAL] * len(weight)
    taken: dict[int, int] = {}
    for _ in range(min(total, len(weight))):
        if not np.isfinite(weight).any():
            break
        best = int(np.argmax(weight))
        result[best], weight[best] = "kept", -np.inf
        for values, factor in zip(traits, (SAME_SIDE, SAME_SOURCE, SAME_TIME), strict=True):
            weight[values == values[best]] *= factor
        source = int(sources[best])
        taken[source] = taken.get(source, 0) + 1
        if taken[source] >= allowed[best]:
            for other in np.flatnonzero((sources == source) & np.isfinite(weight)):
                result[int(other)], weight[int(other)] = OVER_SOURCE, -np.inf
    return result
