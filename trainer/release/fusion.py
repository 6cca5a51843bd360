"""How the sidecar turns two lists of neighbours into one ranking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.release.contract import FUSION_WEIGHT, MISSING_DISTANCE
from trainer.release.inputs import Vectors
from trainer.release.search import Ids

# A model whose nearest distances hardly vary answers the same for everybody.
_HEALTH_K = 20
_SUSPICIOUS_MINIMUM = 0.10
_SUSPICIOUS_VARIANCE = 0.002
_SUSPICIOUS_RANGE = 0.05


@dataclass(frozen=True)
class Neighbours:
    """One query's answer from one index: ids and cosine distances, nearest first."""

    ids: Ids
    distances: Vectors

    def degenerate(self) -> bool:
        near = self.distances[:_HEALTH_K]
        if not near.size or float(near.min()) >= _SUSPICIOUS_MINIMUM:
            return False
        tight = float(near.max() - near.min()) < _SUSPICIOUS_RANGE
        return tight or float(near.var()) < _SUSPICIOUS_VARIANCE


def fuse(facenet: Neighbours, arcface: Neighbours) -> tuple[Ids, Vectors]:
    """Faces found by either model and their fused distances, nearest first, equal ones by id.

    A face that only one model returned gets `MISSING_DISTANCE` for the other. A degenerate model is
    left out; where both are, FaceNet answers alone.
    """
    if arcface.degenerate():
        return facenet.ids, facenet.distances
    if facenet.degenerate():
        return arcface.ids, arcface.distances
    ids = np.union1d(facenet.ids, arcface.ids)
    fused = sum(FUSION_WEIGHT * _spread(ids, answer) for answer in (facenet, arcface)) + np.zeros(
        len(ids), dtype=np.float32
    )
    order = np.argsort(fused, kind="stable")
    return ids[order], fused[order].astype(np.float32)


def _spread(ids: Ids, answer: Neighbours) -> Vectors:
    distances = np.full(len(ids), MISSING_DISTANCE, dtype=np.float32)
    distances[np.searchsorted(ids, answer.ids)] = answer.distances
    return distances
