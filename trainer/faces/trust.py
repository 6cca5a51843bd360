"""Faces of sources that are not trusted blindly: taken where other faces agree with them.

All sources are looked at together, so that their order changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl

from trainer.errors import DamagedFileError
from trainer.faces.agreement import (
    agreement,
    similarities,
)
from trainer.faces.cache import FaceVectors
from trainer.faces.clusters import trusted_cluster
from trainer.faces.crowds import (
    CLEARLY_LARGEST,
    clearly_largest,
    largest_faces,
    vouching,
    with_times_next,
)
from trainer.faces.limits import FaceLimits
from trainer.faces.select import (
    ACCEPTED,
    AGREES,
    CLUSTER,
    KEYS,
    LARGEST,
    LARGEST_AGREE,
    SEVERAL,
    SINGLE,
    TRUSTED,
)

DISAGREES = "disagrees_with_trusted"
ALONE = "no_trusted_face"
NO_CLUSTER = "no_dominant_cluster"
OUTSIDE = "outside_dominant_cluster"
_SINGLES = pl.col("rule") == SINGLE
_CROWDS = pl.col("rule") == SEVERAL
_HIGH = pl.col("trust") == "high"


def in_doubt(judged: pl.DataFrame) -> pl.DataFrame:
    """Return all faces of the performers of whom some face needs the others' agreement."""
    needs = (_SINGLES & ~_HIGH) | _CROWDS
    owners = judged.filter(needs).select("performer_id").unique()
    faces = judged.filter(pl.col("rule").is_in([SINGLE, SEVERAL]))
    return faces.join(owners, on="performer_id", how="semi", maintain_order="left")


def settle(
    judged: pl.DataFrame,
    vectors: FaceVectors,
    limits: FaceLimits | None = None,
    clearly: float = CLEARLY_LARGEST,
) -> pl.DataFrame:
    """Return `judged`, rows in the same order, with a `rule` for every face that was in doubt.

    `judged` has `trust` (high | medium | low) and `source`; `vectors` hold `in_doubt(judged)`.
    Single faces first; then, of performers without an accepted one, the largest faces of pictures
    with several; then everything else is compared with what was accepted.
    """
    limits = limits or FaceLimits()
    faces = with_rows(in_doubt(judged), vectors)
    singles = faces.filter(_SINGLES)
    trusted = singles.filter(_HIGH)
    decided = _decide_singles(singles.filter(~_HIGH), trusted, vectors, limits)
    crowds = faces.filter(_CROWDS)
    accepted = pl.concat([trusted, decided.filter(pl.col("rule").is_in(ACCEPTED))])
    rest = pl.concat([decided, crowds]).join(accepted, on="performer_id", how="anti")
    found = _decide_largest(rest, judged, vectors, limits, clearly)
    decided = _with_rules(_decide_again(decided, found, vectors, limits), found)
    accepted = pl.concat([trusted, found, decided.filter(pl.col("rule").is_in(ACCEPTED))])
    accepted = accepted.unique(KEYS, keep="first", maintain_order=True)  # `found` has single faces
    others = crowds.join(found, on=KEYS[:2], how="anti", maintain_order="left")
    ruled = _decide_crowds(others, accepted, vectors, limits)
    return _with_rules(_with_rules(judged, pl.concat([decided, ruled])), found)


def with_rows(faces: pl.DataFrame, vectors: FaceVectors) -> pl.DataFrame:
    """Return `faces` with `row`, the row of their vectors; raises `DamagedFileError` where the
    cache has no vectors of one."""
    found = faces.join(
        vectors.keys, on=["image_sha256", "face_no"], how="left", maintain_order="left"
    )
    missing = found.filter(pl.col("row").is_null())
    if len(missing):
        raise DamagedFileError(
            f"the face cache has no vectors of {len(missing)} faces, among them of picture "
            f"{missing['image_sha256'][0]}; delete the cache of this pack and embed again"
        )
    return found


def _with_rules(judged: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    new = decided.select(*KEYS, pl.col("rule").alias("settled"))
    joined = judged.join(new, on=KEYS, how="left", maintain_order="left")
    rule = pl.coalesce("settled", "rule")
    return joined.with_columns(rule.alias("rule")).drop("settled")


def _decide_singles(
    pending: pl.DataFrame, trusted: pl.DataFrame, vectors: FaceVectors, limits: FaceLimits
) -> pl.DataFrame:
    """Faces of medium and low trust: by the trusted ones, or where there are none by each other."""
    scores = pl.Series("score", agreement(vectors, pending, trusted)).fill_nan(None)
    agrees = pl.col("score") >= limits.agreement
    rule = (
        pl.when(pl.col("score").is_null())
        .then(pl.lit(ALONE))
        .when(agrees)
        .then(pl.lit(TRUSTED))
        .otherwise(pl.lit(DISAGREES))
    )
    ruled = pending.with_columns(scores).with_columns(rule.alias("rule")).drop("score")
    alone = ruled.filter((pl.col("rule") == ALONE) & (pl.len().over("performer_id", "rule") > 1))
    groups = alone.sort("performer_id", "image_sha256", "face_no")
    rules = [
        row
        for group in groups.partition_by("performer_id", maintain_order=True)
        for row in _cluster_rules(group, vectors, limits)
    ]
    schema = {"performer_id": pl.Int64, "image_sha256": pl.String, "face_no": pl.Int16}
    clustered = pl.DataFrame(rules, schema={**schema, "rule": pl.String}, orient="row")
    return _with_rules(ruled, clustered)


def _cluster_rules(
    group: pl.DataFrame, vectors: FaceVectors, limits: FaceLimits
) -> Iterator[tuple[int, str, int, str]]:
    """Rules of one performer's faces, of whom no source is trusted on its own."""
    alike = similarities(vectors, group["row"].to_list())
    members = trusted_cluster(group, alike, limits.pair)
    for number, (owner, sha, face) in enumerate(group.select(KEYS).iter_rows()):
        inside = CLUSTER if number in (members or ()) else OUTSIDE
        yield owner, sha, face, NO_CLUSTER if members is None else inside


def _decide_largest(
    rest: pl.DataFrame,
    judged: pl.DataFrame,
    vectors: FaceVectors,
    limits: FaceLimits,
    clearly: float,
) -> pl.DataFrame:
    """The faces that are taken of performers without an accepted one: where the largest faces of
    their pictures agree; else the clearly largest one of a source of high trust."""
    owners = rest.filter(_CROWDS).select("performer_id").unique()
    pending = rest.join(owners, on="performer_id", how="semi")
    faces = with_times_next(pending, judged).sort(KEYS)
    agree = _by_performer(faces, lambda group: _vouched_for(group, vectors, limits, clearly))
    others = faces.join(agree, on="performer_id", how="anti", maintain_order="left")
    largest = _by_performer(
        others.filter(_CROWDS & _HIGH),
        lambda group: clearly_largest(group, vectors, limits, clearly),
    )
    agree, largest = (
        found.with_columns(rule=pl.lit(rule))
        for found, rule in ((agree, LARGEST_AGREE), (largest, LARGEST))
    )
    return pl.concat([agree, largest]).select(rest.columns)


def _by_performer(
    faces: pl.DataFrame, decide: Callable[[pl.DataFrame], pl.DataFrame]
) -> pl.DataFrame:
    groups = faces.partition_by("performer_id", maintain_order=True)
    return pl.concat([faces.clear(), *(decide(group) for group in groups)])


def _vouched_for(
    group: pl.DataFrame, vectors: FaceVectors, limits: FaceLimits, clearly: float
) -> pl.DataFrame:
    """One performer's largest faces that vouch for each other."""
    largest = largest_faces(group)
    if len(largest) < 2:
        return largest.clear()
    alike = vouching(largest, group, vectors, limits, clearly)
    ranked = largest.with_columns(pl.col("trust").replace("high", "medium"))
    members = trusted_cluster(ranked, alike, limits.pair)
    return largest[sorted(members or ())]


def _decide_again(
    decided: pl.DataFrame, found: pl.DataFrame, vectors: FaceVectors, limits: FaceLimits
) -> pl.DataFrame:
    """Single faces that nothing was there to compare with, by what was `found` since."""
    scores = pl.Series("score", agreement(vectors, decided, found)).fill_nan(None)
    agrees = (pl.col("score") >= limits.agreement).fill_null(value=False)
    rule = pl.when(agrees).then(pl.lit(TRUSTED)).otherwise(pl.col("rule"))
    return decided.with_columns(scores).with_columns(rule.alias("rule")).drop("score")


def _decide_crowds(
    crowds: pl.DataFrame, accepted: pl.DataFrame, vectors: FaceVectors, limits: FaceLimits
) -> pl.DataFrame:
    """Of a picture with several faces the one that agrees, and leads the next clearly."""
    image = ["performer_id", "image_sha256"]
    scores = pl.Series("score", agreement(vectors, crowds, accepted)).fill_nan(None)
    scored = crowds.with_columns(scores)
    best = pl.col("score").max().over(image)
    next_best = pl.col("score").top_k(2).min().over(image)
    lead = pl.when(pl.col("score").count().over(image) > 1).then(best - next_best).otherwise(2.0)
    taken = (pl.col("score") == best) & (best >= limits.crowd) & (lead >= limits.crowd_lead)
    rule = pl.when(taken.fill_null(False)).then(pl.lit(AGREES)).otherwise(pl.col("rule"))
    return scored.with_columns(rule.alias("rule")).drop("score")
