"""Faces that are somebody else's, whatever the trust of their source.

Every accepted face is measured by the mean of its performer's other accepted faces, cosine
averaged over both models. Where a performer's faces disagree, the largest group that agrees is the
measure, so that one wrong face of three does not pull the right ones out. Only faces that look
suspicious, and those of performers with one face, are compared with all other performers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from trainer.faces.agree import Numbers, Vectors, dominant, similarities
from trainer.faces.cache import FaceVectors
from trainer.faces.centres import centres, nearest_among, nearest_other, to_own
from trainer.faces.select import ACCEPTED, TRUST
from trainer.faces.trust import with_rows

NEARER = "nearer_to_another"
FAR = "far_from_own"
OF_ANOTHER = "face_of_another"
ROUNDS = 3
_KEYS = ["performer_id", "image_sha256", "face_no"]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Limits:
    """Cosines, averaged over both models. They depend on the pack."""

    unsure: float = 0.65  # nearer to its own than this: not looked at any closer
    floor: float = 0.35  # two faces of one person are rarely further apart
    lead: float = 0.1  # another performer has to be this much nearer than its own
    other: float = 0.5  # and at least this near
    single: float = 0.55  # the only face of a performer: practically another one's


@dataclass(frozen=True)
class _Measured:
    """One round, by face: its own and the nearest other performer, and how near they are."""

    faces: pl.DataFrame
    owners: Numbers  # place in `ids`
    ids: Numbers
    core: Flags  # in its performer's agreeing group
    beside_best: Flags  # no group leads, but it agrees with the performer's best face
    own: Vectors  # NaN where there is nothing to compare with
    other: Numbers
    other_score: Vectors


def scan(judged: pl.DataFrame, vectors: FaceVectors, limits: Limits | None = None) -> pl.DataFrame:
    """`judged` with rule, `other_performer_id` and `score` of the faces that are quarantined.

    `score` is the cosine to the other performer, or to its own for `far_from_own`. `vectors` hold
    all accepted faces. Centres are computed anew without what was found, at most ROUNDS times.
    """
    if "other_performer_id" not in judged.columns:
        judged = judged.with_columns(pl.lit(None, pl.Int64).alias("other_performer_id"))
    judged = judged.with_columns(pl.lit(None, pl.Float64).alias("score"))
    search = _Search(vectors)
    for _ in range(ROUNDS):
        found = _found(_measure(judged, search, limits or Limits()), limits or Limits())
        if not len(found):
            break
        search.changed = found["performer_id"].unique().to_numpy()
        new = judged.join(found, on=_KEYS, how="left", maintain_order="left")
        columns = ("rule", "other_performer_id", "score")
        judged = new.with_columns(pl.coalesce(f"new_{c}", c).alias(c) for c in columns).drop(
            [f"new_{c}" for c in columns]
        )
    return judged


class _Search:
    """The nearest others of the round before: only the centres of performers who lost a face
    (`changed`, ids) are others now, and everybody else's need not be searched again."""

    def __init__(self, vectors: FaceVectors) -> None:
        self.vectors = vectors
        self.changed = np.zeros(0, np.int64)
        faces = len(next(iter(vectors.slots.values())))
        self._other = np.full(faces, -1, np.int64)  # performer id, by row of `vectors`
        self._score = np.full(faces, -1, np.float32)

    def nearest(
        self, rows: Numbers, owners: Numbers, ids: Numbers, sums: dict[str, Vectors], present: Flags
    ) -> tuple[Numbers, Vectors]:
        """As `nearest_other`; remembered for the next round."""
        other, score = np.zeros(len(rows), np.int64), np.full(len(rows), -1, np.float32)
        before = self._other[rows]
        same = (before >= 0) & (before != ids[owners]) & ~np.isin(before, self.changed)
        new = np.flatnonzero(~same)
        other[new], score[new] = nearest_other(self.vectors, rows[new], owners[new], sums, present)
        old = np.flatnonzero(same)
        changed = np.flatnonzero(np.isin(ids, self.changed) & present)
        nearer, cosine = nearest_among(self.vectors, rows[old], owners[old], sums, changed)
        moved = cosine > self._score[rows[old]]
        other[old] = np.where(moved, nearer, np.searchsorted(ids, before[old]))
        score[old] = np.where(moved, cosine, self._score[rows[old]])
        self._other[rows], self._score[rows] = ids[other], score
        return other, score


def _measure(judged: pl.DataFrame, search: _Search, limits: Limits) -> _Measured:
    vectors = search.vectors
    rank = pl.col("trust").replace_strict(list(TRUST), [0, 1, 2], return_dtype=pl.Int8)
    accepted = judged.filter(pl.col("rule").is_in(ACCEPTED)).with_columns(rank.alias("rank"))
    order = ["performer_id", "rank", "quality_score", "image_sha256", "face_no"]
    accepted = accepted.sort(order, descending=[False, False, True, False, False])
    faces = with_rows(accepted.select(_KEYS), vectors)
    rows = faces["row"].to_numpy()
    ids, owners = np.unique(faces["performer_id"].to_numpy(), return_inverse=True)
    everyone = np.ones(len(rows), bool)
    sums = centres(vectors, rows, owners, everyone, len(ids))
    own = to_own(vectors, rows, owners, everyone, sums)
    core, beside = _groups(vectors, rows, owners, own, limits)
    left_out = np.isin(owners, owners[~core])  # only their owners' centres are others now
    some = np.flatnonzero(left_out)
    again = centres(vectors, rows[some], owners[some], core[some], len(ids))
    for slot, total in again.items():
        sums[slot][owners[some]] = total[owners[some]]
    own[some] = to_own(vectors, rows[some], owners[some], core[some], sums)
    suspects = np.flatnonzero(~(own >= limits.unsure))
    present = np.bincount(owners[core], minlength=len(ids)) > 0
    other = np.zeros(len(rows), np.int64)
    score = np.full(len(rows), -1, np.float32)
    other[suspects], score[suspects] = search.nearest(
        rows[suspects], owners[suspects], ids, sums, present
    )
    return _Measured(faces, owners, ids, core, beside, own, other, score)


def _groups(
    vectors: FaceVectors, rows: Numbers, owners: Numbers, own: Vectors, limits: Limits
) -> tuple[Flags, Flags]:
    """Who is in its performer's agreeing group; and beside the best face, where no group leads."""
    core, beside = np.ones(len(rows), bool), np.ones(len(rows), bool)
    for owner in np.unique(owners[own < limits.unsure]):
        first, last = np.searchsorted(owners, [owner, owner + 1])
        alike = similarities(vectors, rows[first:last].tolist())
        members = dominant(alike, limits.floor)
        core[first:last] = False
        if members is None:
            beside[first:last] = alike[0] >= limits.floor
        else:
            core[first + np.asarray(members)] = True
    return core, beside


def _found(by: _Measured, limits: Limits) -> pl.DataFrame:
    count = np.bincount(by.owners, minlength=len(by.ids))[by.owners]
    unknown = np.isnan(by.own)
    single = (count == 1) & (by.other_score >= limits.single)
    leads = unknown | (by.other_score - np.nan_to_num(by.own) > limits.lead)
    nearer = (count > 1) & leads & (by.other_score >= limits.other)
    far = ~by.core & (by.own < limits.floor)
    # Two who disagree: the better one stays, unless the other centres told which is wrong.
    told = np.isin(by.owners, by.owners[nearer])
    far |= (count > 1) & unknown & ~by.beside_best & ~told
    rule = np.select([single, nearer, far], [OF_ANOTHER, NEARER, FAR], "")
    named = single | nearer
    return (
        by.faces.select(
            *_KEYS,
            pl.Series("new_rule", rule, dtype=pl.String),
            pl.Series(
                "new_other_performer_id", by.ids[by.other] if len(rule) else [], dtype=pl.Int64
            ),
            pl.Series("new_score", np.where(named, by.other_score, by.own), dtype=pl.Float64),
            pl.Series("named", named),
        )
        .filter(pl.col("new_rule") != "")
        .with_columns(
            pl.when("named").then(pl.col("new_other_performer_id")).alias("new_other_performer_id"),
            pl.col("new_score").fill_nan(None),
        )
        .drop("named")
    )
