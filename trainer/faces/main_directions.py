"""The directions in which vectors differ most: a first filter compares them in these only."""

from __future__ import annotations

import numpy as np

from trainer.faces.agreement import Vectors

_HELD = 0.95  # share of the vectors' squared lengths
SAMPLE = 8_192  # vectors that are enough to find them


def main_directions(vectors: Vectors, most: int) -> Vectors:
    """Return columns to project `vectors` (n, d), n > 0, on: (d, up to `most`).

    As few as hold `_HELD` of an even sample of them.
    """
    sample = vectors[:: -(-len(vectors) // SAMPLE)]
    if len(sample) < sample.shape[1]:  # far less work than a matrix of (d, d)
        _, lengths, rows = np.linalg.svd(sample, full_matrices=False)
        squares, directions = lengths**2, rows.T
    else:
        values, columns = np.linalg.eigh(sample.T @ sample)
        squares, directions = values[::-1], columns[:, ::-1]
    held = np.cumsum(squares) / max(float(squares.sum()), 1e-9)
    count = min(int(np.searchsorted(held, _HELD)) + 1, most)
    found: Vectors = np.ascontiguousarray(directions[:, :count])
    return found
