"""What one more face is worth to a performer, and what a better one is."""

from __future__ import annotations

from statistics import NormalDist
from typing import Final

import numpy as np

from trainer.fetch_plan.columns import Floats

# Of the first face, of the second, ...: two name a person, the others make it surer.
NEXT_FACE: Final = (1.0, 1.0, 0.12, 0.08, 0.06, 0.04)
BETTER_FACE = 0.1  # of a face that is better than the worst by the mean quality
_NORMAL = NormalDist()
_QUANTILES = np.linspace(0.001, 0.999, 999)
_DEVIATES = np.array([_NORMAL.inv_cdf(q) for q in _QUANTILES])
_GRID = np.linspace(-4.0, 4.0, 801)
_GAINS = np.array([_NORMAL.pdf(z) - z * (1.0 - _NORMAL.cdf(z)) for z in _GRID])


def next_face(faces: Floats) -> Floats:
    """Return the worth of one more face to whoever has `faces` (expected, so no whole numbers)."""
    return np.interp(faces, np.arange(len(NEXT_FACE)), NEXT_FACE)


def damped(scenes: Floats) -> Floats:
    """Return what a performer of so many scenes counts: four times the scenes, twice as much."""
    return np.sqrt(1.0 + scenes)


def expected_gain(worst: Floats, mean: Floats, deviation: Floats) -> Floats:
    """Return by how much a new face is better than `worst`, on average, where it is better.

    Qualities of new faces are normally distributed with `mean` and `deviation`.
    """
    distance = (worst - mean) / deviation
    gains = deviation * np.interp(distance, _GRID, _GAINS)
    return np.where(distance < _GRID[0], mean - worst, gains)


def expected_worst(faces: Floats, places: Floats, mean: Floats, deviation: Floats) -> Floats:
    """Return the quality of the worst of the best `places` out of so many faces not seen yet."""
    quantile = np.clip(1.0 - places / (faces + 1.0), 0.0, 1.0)
    deviates: Floats = np.interp(quantile, _QUANTILES, _DEVIATES)
    return mean + deviation * deviates
