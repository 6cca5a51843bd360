"""How near every accepted face is to its own performer, and to the nearest of all the others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from trainer.faces.agreement import Numbers, Vectors, dominant, similarities
from trainer.faces.cache import FaceVectors
from trainer.faces.centres import Centres, centres, to_own
from trainer.faces.limits import FaceLimits
from trainer.faces.select import KEYS

# So many centres that have changed are compared exactly; more of them cost more than a new search.
_MOST_CHANGED = 0.05
Flags = npt.NDArray[np.bool_]


class Nearness:
    """By face, in the order of `faces` (KEYS and `row` of the vectors, by performer).

    `owners`: its performer's place in `ids`; `here`: not taken out; `core`: in its performer's
    agreeing group; `beside_best`: no group leads, but it agrees with the performer's best face;
    `own`: how near its performer's others are, NaN where there are none; `other`, `score`: the
    nearest other performer's place and how near, -1 where nobody looked.

    Only performers who lost a face are measured again, and only their centres searched again.
    """

    def __init__(
        self,
        faces: pl.DataFrame,
        vectors: FaceVectors,
        limits: FaceLimits,
        remembered: pl.DataFrame | None = None,
    ) -> None:
        """`remembered`: what `memory` gave over other faces of the same pack."""
        self.faces, self._vectors, self._limits = faces, vectors, limits
        self._rows = faces["row"].to_numpy()
        self.ids, self.owners = np.unique(faces["performer_id"].to_numpy(), return_inverse=True)
        count = len(faces)
        self.here, self.core, self.beside_best = (np.ones(count, bool) for _ in range(3))
        self.own = np.full(count, np.nan, np.float32)
        self.other = np.full(count, -1, np.int64)
        self.score = np.full(count, -1, np.float32)
        self._centres = Centres(vectors, len(self.ids))
        everybody = np.ones(len(self.ids), bool)
        self._measure(everybody)
        self._search(everybody if remembered is None else self._recall(remembered))

    def take_out(self, places: Numbers) -> None:
        """Faces that are not their performer's."""
        self.here[places] = False
        changed = np.zeros(len(self.ids), bool)
        changed[self.owners[places]] = True
        self._measure(changed)
        self._search(changed)

    def memory(self) -> pl.DataFrame:
        """What a later scan need not search again: KEYS, core, other_performer_id, score."""
        other = pl.Series(self.ids[self.other] if len(self.ids) else [], dtype=pl.Int64)
        return self.faces.select(
            *KEYS,
            pl.Series("core", self.core),
            pl.when(pl.Series(self.other >= 0)).then(other).alias("other_performer_id"),
            pl.Series("score", self.score.copy()),  # or it would share what later rounds change
        )

    def _measure(self, changed: Flags) -> None:
        """The faces of the performers that are `changed`."""
        some = np.flatnonzero(self.here & changed[self.owners])
        rows = self._rows[some]
        places, owners = np.unique(self.owners[some], return_inverse=True)
        everyone = np.ones(len(some), bool)
        sums = centres(self._vectors, rows, owners, everyone, len(places))
        own = to_own(self._vectors, rows, owners, everyone, sums)
        core, beside = _groups(self._vectors, rows, owners, own, self._limits)
        split = np.flatnonzero(np.isin(owners, owners[~core]))
        inner, again = np.unique(owners[split], return_inverse=True)
        rest = centres(self._vectors, rows[split], again, core[split], len(inner))
        own[split] = to_own(self._vectors, rows[split], again, core[split], rest)
        for slot, total in rest.items():
            sums[slot][inner] = total
        self.own[some], self.core[some], self.beside_best[some] = own, core, beside
        known = np.unique(owners[core])
        self._centres.present[changed] = False
        self._centres.put(places[known], sums, known)

    def _search(self, changed: Flags) -> None:
        """The nearest others of all faces that are in doubt, after some centres have changed."""
        doubt = self.here & ~(self.own >= self._limits.unsure)
        many = changed.sum() > _MOST_CHANGED * len(changed)
        again = changed[self.other] | many  # where -1 is met: it stays so
        self.other[~doubt | again] = -1
        old = np.flatnonzero(doubt & (self.other >= 0))
        some = np.flatnonzero(changed & self._centres.present)
        place, cosine = self._centres.nearest_among(self._rows[old], self.owners[old], some)
        moved = cosine > self.score[old]
        self.other[old[moved]], self.score[old[moved]] = place[moved], cosine[moved]
        new = np.flatnonzero(doubt & (self.other < 0))
        self.score[self.other < 0] = -1
        self.other[new], self.score[new] = self._centres.nearest_other(
            self._rows[new], self.owners[new]
        )

    def _recall(self, remembered: pl.DataFrame) -> Flags:
        """Take over the nearest others; whose centre is another than it was when they were found.

        A performer's centre is the same where the faces of its agreeing group are.
        """
        known = self.faces.join(remembered, on=KEYS, how="left", maintain_order="left")
        other = known["other_performer_id"].fill_null(-1).to_numpy()
        place = np.searchsorted(self.ids, other).clip(max=max(len(self.ids) - 1, 0))
        still = self.ids[place] == other
        self.other = np.where(still, place, -1)
        self.score = np.where(still, known["score"].fill_null(-1).to_numpy(), np.float32(-1))
        before = remembered.filter("core").group_by("performer_id").len()
        then = pl.DataFrame({"performer_id": self.ids}).join(
            before, on="performer_id", how="left", maintain_order="left"
        )
        both = self.core & known["core"].fill_null(value=False).to_numpy()
        size = len(self.ids)
        now = np.bincount(self.owners[self.core], minlength=size)
        same = np.bincount(self.owners[both], minlength=size)
        changed: Flags = (now != same) | (then["len"].fill_null(0).to_numpy() != same)
        return changed


def _groups(
    vectors: FaceVectors, rows: Numbers, owners: Numbers, own: Vectors, limits: FaceLimits
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
