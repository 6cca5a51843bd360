"""How the sidecar turns two lists of neighbours into one ranking, for many queries at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from trainer.release.contract import FUSION_WEIGHT, MISSING_DISTANCE
from trainer.release.search import Ids
from trainer.release.vector_file import Vectors

# A model whose nearest distances hardly vary answers the same for everybody.
_HEALTH_K = 20
_SUSPICIOUS_MINIMUM = 0.10
_SUSPICIOUS_VARIANCE = 0.002
_SUSPICIOUS_RANGE = 0.05


@dataclass(frozen=True)
class Neighbours:
    """Answers of one index, a query per row: ids and cosine distances (q, k), nearest first.

    Rows with fewer answers end in ids -1 and distances infinity.
    """

    ids: Ids
    distances: Vectors

    def degenerate(self) -> npt.NDArray[np.bool_]:
        """Which queries (q,) got distances that say nothing."""
        near = np.ma.masked_invalid(self.distances[:, :_HEALTH_K])
        if not near.shape[1]:
            return np.zeros(len(near), dtype=np.bool_)
        lowest = near.min(axis=1).filled(np.inf)
        tight = (near.max(axis=1) - near.min(axis=1)).filled(np.inf) < _SUSPICIOUS_RANGE
        flat = near.var(axis=1).filled(np.inf) < _SUSPICIOUS_VARIANCE
        suspicious: npt.NDArray[np.bool_] = (lowest < _SUSPICIOUS_MINIMUM) & (tight | flat)
        return suspicious

    def without(self, queries: npt.NDArray[np.bool_]) -> Neighbours:
        """No answers for `queries` (q,)."""
        gone = queries[:, None]
        return Neighbours(np.where(gone, -1, self.ids), np.where(gone, np.inf, self.distances))


def fuse(facenet: Neighbours, arcface: Neighbours) -> Neighbours:
    """Faces found by either model and their fused distances, nearest first, equal ones by id.

    Row i answers query i in both, and in the result, which is as wide as both together. A face
    that only one model returned gets `MISSING_DISTANCE` for the other. A degenerate model is left
    out, and the other's distances stand alone; where both are, FaceNet's do.
    """
    no_arcface = arcface.degenerate()
    no_facenet = facenet.degenerate() & ~no_arcface
    alone = (no_arcface | no_facenet)[:, None]
    sides = (facenet.without(no_facenet), arcface.without(no_arcface))
    ids = np.concatenate([side.ids for side in sides], axis=1)
    far = np.concatenate([side.distances for side in sides], axis=1)
    order = np.argsort(ids, axis=1, kind="stable")
    ids, far = np.take_along_axis(ids, order, axis=1), np.take_along_axis(far, order, axis=1)
    twice = ids[:, 1:] == ids[:, :-1]  # a face's second place stands right of its first
    other = np.full_like(far, MISSING_DISTANCE)
    other[:, :-1][twice] = far[:, 1:][twice]
    fused = np.where(alone, far, (FUSION_WEIGHT * far + FUSION_WEIGHT * other).astype(np.float32))
    fused[:, 1:][twice] = np.inf
    fused[ids < 0] = np.inf
    order = np.argsort(fused, axis=1, kind="stable")
    ids, fused = np.take_along_axis(ids, order, axis=1), np.take_along_axis(fused, order, axis=1)
    return Neighbours(np.where(np.isinf(fused), -1, ids), fused)
