"""Which faces go into a release: every candidate gets a rule, which is the reason, too.

The order of sources changes nothing: the rules are applied to all sources at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from trainer.faces.quality import quality
from trainer.faces.spread import OVER_SOURCE, OVER_TOTAL, spread

MIN_FACE_SIDE = 32.0  # pixels; smaller faces carry too little to recognise anyone by

TOO_SMALL = "face_too_small"
SINGLE = "single_face"
TRUSTED = "agrees_with_trusted"
CLUSTER = "dominant_cluster"
AGREES = "agrees_with_single_faces"
LARGEST_AGREE = "largest_faces_agree"
LARGEST = "largest_of_trusted"
CONFIRMED = "confirmed_by_person"
SEVERAL = "several_faces"
CONFLICT = "same_picture_under_two_performers"
STAND_IN = "stand_in_picture"  # nobody's face: no portrait belongs to so many people
MOST_OWNERS = 3
ACCEPTED = (SINGLE, TRUSTED, CLUSTER, AGREES, LARGEST_AGREE, LARGEST, CONFIRMED)
OVER = (OVER_SOURCE, OVER_TOTAL)
KEYS = ["performer_id", "image_sha256", "face_no"]
TRUST = ("high", "medium", "low")


@dataclass(frozen=True)
class Caps:
    """How many faces stay: per performer and source, and per performer in all."""

    per_source: Mapping[str, int]
    total: int


def judge(candidates: pl.DataFrame, faces: pl.DataFrame) -> pl.DataFrame:
    """Return every (performer, picture, face) with its rule.

    `candidates`: performer_id, source, trust, url, page_url, position, image_sha256, fetched_at.
    `faces`: the face cache without vectors. Returns the join with `quality_score` and `rule`:
    `single_face`, or why the face is not taken; `several_faces`, and single faces of sources that
    are not of high trust, are for `trust.settle` to decide. A picture that several sources have
    counts for the most trusted one; one that more than MOST_OWNERS performers have for nobody.
    """
    rank = pl.col("trust").replace_strict(list(TRUST), [0, 1, 2], return_dtype=pl.Int8)
    images = candidates.sort(
        "performer_id", "image_sha256", rank, "source", "position", "url"
    ).unique(["performer_id", "image_sha256"], keep="first", maintain_order=True)
    owners = pl.len().over("image_sha256")
    joined = images.with_columns(owners.alias("owners")).join(
        faces, on="image_sha256", how="left", maintain_order="left"
    )
    return joined.with_columns(quality(), _rule().alias("rule")).drop("owners")


def _rule() -> pl.Expr:
    side = pl.min_horizontal(pl.col("box").arr.get(2), pl.col("box").arr.get(3))
    return (
        pl.when(pl.col("owners") > MOST_OWNERS)
        .then(pl.lit(STAND_IN))
        .when(pl.col("owners") > 1)
        .then(pl.lit(CONFLICT))
        .when(pl.col("outcome").is_null())
        .then(pl.lit("not_embedded"))
        .when(pl.col("outcome") == "refused")
        .then(pl.lit("refused: ") + pl.col("reason").fill_null("no reason given"))
        .when(pl.col("outcome") != "face")
        .then(pl.col("outcome"))
        .when(side < MIN_FACE_SIDE)
        .then(pl.lit(TOO_SMALL))
        .when(pl.col("faces_in_image") > 1)
        .then(pl.lit(SEVERAL))
        .otherwise(pl.lit(SINGLE))
    )


def cap(judged: pl.DataFrame, caps: Caps) -> pl.DataFrame:
    """Keep good faces that differ, up to the caps; what falls out is marked by which cap."""
    limited = with_allowed(judged.filter(pl.col("rule").is_in(ACCEPTED)), caps)
    picked = spread(limited, caps.total).select(*KEYS, "pick")
    marked = judged.join(picked, on=KEYS, how="left", maintain_order="left")
    over = pl.col("pick").is_in(OVER)
    rule = pl.when(over.fill_null(False)).then(pl.col("pick")).otherwise(pl.col("rule"))
    kept = (pl.col("pick") == "kept").fill_null(False).alias("kept")
    return marked.with_columns(rule.alias("rule"), kept).drop("pick")


def with_allowed(faces: pl.DataFrame, caps: Caps) -> pl.DataFrame:
    """`faces` with `allowed`, how many of its source a performer may keep."""
    schema = {"source": pl.String, "allowed": pl.Int64}
    limits = pl.DataFrame(list(caps.per_source.items()), schema=schema, orient="row")
    limited = faces.join(limits, on="source", how="left", maintain_order="left")
    if limited["allowed"].null_count():
        raise KeyError(f"no cap for one of {sorted(faces['source'].unique())}")
    return limited


def selected(capped: pl.DataFrame, min_faces: int) -> pl.DataFrame:
    """The kept faces of performers who have at least `min_faces`, in release order."""
    enough = pl.len().over("performer_id") >= min_faces
    return (
        capped.filter("kept")
        .filter(enough)
        .sort(
            ["performer_id", "quality_score", "image_sha256", "face_no"],
            descending=[False, True, False, False],
        )
    )


def funnel(capped: pl.DataFrame) -> dict[str, dict[str, int]]:
    """Faces and pictures by source and rule: where candidates went."""
    counts = capped.group_by("source", "rule").len().sort("source", "rule")
    result: dict[str, dict[str, int]] = {}
    for source, rule, count in counts.iter_rows():
        result.setdefault(source, {})[rule] = count
    return result


def stand_ins(judged: pl.DataFrame) -> int:
    """How many pictures were refused because many performers have them."""
    return judged.filter(pl.col("rule") == STAND_IN)["image_sha256"].n_unique()


def stages(capped: pl.DataFrame) -> dict[str, dict[str, int]]:
    """By source how many come how far: candidates that were fetched, faces, good enough, of the
    person, selected. `funnel` has the reasons."""
    face = pl.col("outcome") == "face"
    trusted = pl.col("rule").is_in([*ACCEPTED, *OVER])
    counts = (
        capped.group_by("source")
        .agg(
            pl.struct("performer_id", "image_sha256").n_unique().alias("fetched"),
            face.sum().alias("face"),
            (face & (pl.col("rule") != TOO_SMALL)).sum().alias("quality"),
            trusted.sum().alias("trust"),
            pl.col("kept").sum().alias("selected"),
        )
        .sort("source")
    )
    return {row.pop("source"): row for row in counts.iter_rows(named=True)}
