"""Which face of a picture with several belongs to the performer: the one that agrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

# Cosine to the mean of the performer's single-face pictures, averaged over both models. Well
# above what two strangers reach with either pack; a doubtful face is left out rather than guessed.
MIN_AGREEMENT = 0.45
MIN_LEAD = 0.15


def centroid(vectors: Vectors) -> Vectors:
    """The unit mean of unit vectors, shape (n, d) -> (d,)."""
    mean = vectors.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), np.float32)


def agreeing_face(
    singles: Mapping[str, Vectors], crowd: Mapping[str, Vectors]
) -> tuple[int | None, Sequence[float]]:
    """The row of `crowd` that is the same person as `singles`, and every row's agreement.

    Both map a model slot to unit vectors, (n, d) and (m, d). None where no row agrees enough, or
    the best does not lead the next clearly.
    """
    by_model = [crowd[slot] @ centroid(singles[slot]) for slot in sorted(crowd)]
    scores = np.stack(by_model).astype(np.float64).mean(axis=0)
    order = np.argsort(-scores, kind="stable")
    best = int(order[0])
    lead = scores[best] - (scores[order[1]] if len(order) > 1 else -1.0)
    accepted = scores[best] >= MIN_AGREEMENT and lead >= MIN_LEAD
    return (best if accepted else None), [round(float(s), 4) for s in scores]
