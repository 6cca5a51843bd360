"""Performers that were resolved and are not in the release, each with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa

from trainer.faces import contamination, quarantine, trust
from trainer.faces.select import ACCEPTED, CONFLICT, OVER, SEVERAL, STAND_IN, TOO_SMALL
from trainer.staging.frames import read_frame
from trainer.staging.parquet import write_table

ABSENT_FILE = "absent.parquet"
ABSENT = pa.schema(
    [
        pa.field("performer_id", pa.int64(), nullable=False),
        ("universal_id", pa.string()),
        ("name", pa.string()),  # of people in quarantine nothing but the id is kept
        ("scene_count", pa.int32()),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("images", pa.int64(), nullable=False),  # fetched ones
    ]
)
QUARANTINE: Final = "quarantine"
NO_IMAGE: Final = "no_image"
# Reason -> the rules of faces that mean it. From the furthest that a face can come to the least:
# a performer's reason is that of its best face.
REASONS: Final[dict[str, tuple[str, ...]]] = {
    "under_min_faces": (*ACCEPTED, *OVER),
    "contested": (contamination.OF_ANOTHER, contamination.NEARER, contamination.FAR, CONFLICT),
    "faces_disagree": (trust.DISAGREES, trust.ALONE, trust.NO_CLUSTER, trust.OUTSIDE),
    "only_crowds": (SEVERAL,),
    "dated_before_adult": (quarantine.EARLY,),
    "face_too_small": (TOO_SMALL,),
    "excluded": ("excluded",),
    "no_face": ("no_face",),
    "no_readable_image": ("refused", "not_embedded"),
    "only_stand_ins": (STAND_IN,),
}
_RULES: Final = {rule: place for place, rules in enumerate(REASONS.values()) for rule in rules}


def absent(
    performers: pl.DataFrame,
    quarantined: pl.DataFrame,
    judged: pl.DataFrame,
    released: pl.Series,
) -> pl.DataFrame:
    """ABSENT rows, those with most scenes first.

    `performers`: performer_id, universal_id, canonical_name, scene_count of all that were resolved
    as adults. `quarantined`: performer_id, universal_id. `judged`: performer_id, image_sha256 and
    rule of every face. `released`: ids of the performers that the release has.
    """
    missing = performers.filter(~pl.col("performer_id").is_in(released.implode()))
    best = _best_reasons(judged)
    found = missing.join(best, on="performer_id", how="left").select(
        "performer_id",
        "universal_id",
        pl.col("canonical_name").alias("name"),
        "scene_count",
        pl.col("reason").fill_null(NO_IMAGE),
        pl.col("images").fill_null(0),
    )
    quarantined_rows = quarantined.select(
        "performer_id",
        "universal_id",
        name=pl.lit(None, pl.String),
        scene_count=pl.lit(None, pl.Int32),
        reason=pl.lit(QUARANTINE),
        images=pl.lit(0, pl.Int64),
    )
    return pl.concat([found, quarantined_rows], how="vertical_relaxed").sort(
        pl.col("scene_count").fill_null(-1), "performer_id", descending=[True, False]
    )


def _best_reasons(judged: pl.DataFrame) -> pl.DataFrame:
    """The reason of each performer's face that came furthest, and its number of images."""
    names = list(REASONS)
    rule = pl.col("rule").str.split(":").list.first()  # "refused: too large"
    place = rule.replace_strict(_RULES, default=len(names), return_dtype=pl.Int64)
    best = judged.with_columns(place.alias("place"), rule.alias("rule"))
    ordered = best.sort("performer_id", "place", "rule")
    found: pl.DataFrame = ordered.group_by("performer_id", maintain_order=True).agg(
        pl.col("place").first(),
        pl.col("rule").first(),
        pl.col("image_sha256").n_unique().cast(pl.Int64).alias("images"),
    )
    return found.select(
        "performer_id",
        "images",
        pl.when(pl.col("place") < len(names))
        .then(pl.col("place").replace_strict(dict(enumerate(names)), default=None))
        .otherwise(pl.col("rule"))
        .alias("reason"),
    )


def counts(frame: pl.DataFrame) -> dict[str, int]:
    """Performers by reason, in a stable order."""
    return dict(frame.group_by("reason").len().sort("reason").iter_rows())


def write_absent(directory: Path, frame: pl.DataFrame) -> None:
    """Write the performers that are not in the release, each with its reason."""
    write_table(directory / ABSENT_FILE, frame.to_arrow().cast(ABSENT))


def read_absent(directory: Path) -> pl.DataFrame | None:
    """None where the run has none: it has not come so far, or an older trainer selected."""
    path = directory / ABSENT_FILE
    return read_frame(path) if path.exists() else None
