"""Shares and how surely they are known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Interval = tuple[float, float]  # where the true share lies, 95 times of 100 (Wilson)


def share(holds: npt.NDArray[np.bool_]) -> float | None:
    """None of nothing."""
    return float(holds.mean()) if holds.size else None


def interval(holds: npt.NDArray[np.bool_]) -> Interval | None:
    """Wilson's interval of a share, 95%."""
    n = holds.size
    if not n:
        return None
    p, z = float(holds.mean()), 1.96
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)))
    return max(0.0, middle - half), min(1.0, middle + half)
