"""Faces that are somebody else's, whatever the trust of their source.

Every accepted face is measured by the mean of its performer's other accepted faces, cosine
averaged over both models. Where a performer's faces disagree, the largest group that agrees is the
measure, so that one wrong face of three does not pull the right ones out. Only faces that look
suspicious, and those of performers with one face, are compared with all other performers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from trainer.faces.cache import FaceVectors
from trainer.faces.limits import FaceLimits
from trainer.faces.nearness import Nearness
from trainer.faces.select import ACCEPTED, KEYS, TRUST
from trainer.faces.trust import with_rows

NEARER = "nearer_to_another"
FAR = "far_from_own"
OF_ANOTHER = "face_of_another"
ROUNDS = 3
Rules = npt.NDArray[np.str_]


def scan(
    judged: pl.DataFrame,
    vectors: FaceVectors,
    limits: FaceLimits | None = None,
    remembered: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`judged` with rule, `other_performer_id` and `score` of the faces that are quarantined, and
    `disagrees`, true of both faces of a performer who has two that are not alike; and what the next
    build's scan can go on from, as its `remembered`.

    `score` is the cosine to the other performer, or to its own for `far_from_own`. `vectors` hold
    all accepted faces. Centres are computed anew without what was found, at most ROUNDS times.
    """
    limits = limits or FaceLimits()
    near = Nearness(_accepted(judged, vectors), vectors, limits, remembered)
    memory = near.memory()
    new_rules = []
    for _ in range(ROUNDS):
        rules, named = _found(near, limits)
        found = np.flatnonzero(rules != "")
        if not found.size:
            break
        new_rules.append(_new_rules(near, found, rules[found], named[found]))
        near.take_out(found)
    return _with_disagreeing(_with_new_rules(judged, new_rules), near), memory


def _with_disagreeing(judged: pl.DataFrame, near: Nearness) -> pl.DataFrame:
    count = np.bincount(near.owners[near.here], minlength=len(near.ids))[near.owners]
    two = near.here & (count == 2) & np.isnan(near.own)
    faces = near.faces.select(KEYS).filter(pl.Series(two)).with_columns(disagrees=True)
    joined = judged.join(faces, on=KEYS, how="left", maintain_order="left")
    return joined.with_columns(pl.col("disagrees").fill_null(value=False))


def _accepted(judged: pl.DataFrame, vectors: FaceVectors) -> pl.DataFrame:
    """Each performer's accepted faces, its best first, with `row`."""
    rank = pl.col("trust").replace_strict(list(TRUST), [0, 1, 2], return_dtype=pl.Int8)
    accepted = judged.filter(pl.col("rule").is_in(ACCEPTED)).with_columns(rank.alias("rank"))
    order = ["performer_id", "rank", "quality_score", "image_sha256", "face_no"]
    accepted = accepted.sort(order, descending=[False, False, True, False, False])
    return with_rows(accepted.select(KEYS), vectors)


def _found(near: Nearness, limits: FaceLimits) -> tuple[Rules, npt.NDArray[np.bool_]]:
    """The rule by which each face has to go, else nothing; and whether the other performer is the
    reason."""
    count = np.bincount(near.owners[near.here], minlength=len(near.ids))[near.owners]
    unknown = np.isnan(near.own)
    single = near.here & (count == 1) & (near.score >= limits.single)
    leads = unknown | (near.score - np.nan_to_num(near.own) > limits.lead)
    nearer = near.here & (count > 1) & leads & (near.score >= limits.other)
    far = near.here & ~near.core & (near.own < limits.floor)
    # Several of whom no two agree: the best one stays, unless the other centres told which is
    # wrong. Of just two it would be a coin toss: both stay, and a person is asked.
    decided = np.isin(near.owners, near.owners[nearer])
    far |= near.here & (count > 2) & unknown & ~near.beside_best & ~decided
    return np.select([single, nearer, far], [OF_ANOTHER, NEARER, FAR], ""), single | nearer


def _new_rules(
    near: Nearness, found: npt.NDArray[np.int64], rules: Rules, named: npt.NDArray[np.bool_]
) -> pl.DataFrame:
    score = np.where(named, near.score[found], near.own[found])
    faces: pl.DataFrame = near.faces[found.tolist()]
    return faces.select(
        *KEYS,
        pl.Series("new_rule", rules, dtype=pl.String),
        pl.when(pl.Series(named))
        .then(pl.Series(near.ids[near.other[found]], dtype=pl.Int64))
        .alias("new_other_performer_id"),
        pl.Series("new_score", score, dtype=pl.Float64).fill_nan(None),
    )


def _with_new_rules(judged: pl.DataFrame, new_rules: list[pl.DataFrame]) -> pl.DataFrame:
    columns = {"rule": pl.String, "other_performer_id": pl.Int64, "score": pl.Float64}
    for name in ("other_performer_id", "score"):
        if name not in judged.columns:
            judged = judged.with_columns(pl.lit(None, columns[name]).alias(name))
    if not new_rules:
        return judged
    new = judged.join(pl.concat(new_rules), on=KEYS, how="left", maintain_order="left")
    return new.with_columns(pl.coalesce(f"new_{c}", c).alias(c) for c in columns).drop(
        [f"new_{c}" for c in columns]
    )
