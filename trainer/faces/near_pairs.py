"""Pairs of unit vectors whose cosine is at or over a floor, none missed.

A first filter in the vectors' main directions adds to each cosine what the other directions could
add at most, so that it misses no pair; what passes is compared exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from trainer.faces.agreement import Numbers, Vectors

Pairs = tuple[Numbers, Numbers, Vectors]  # places of the left and the right vectors, cosines
_HELD, _MOST_DIRECTIONS, _LOOKED_AT = 0.95, 256, 8_192
_TILE = 2_048
_SQUARE = 512  # its products stay in the processor's cache


def all_pairs(units: Vectors, floor: float) -> Iterator[Pairs]:
    """Yield the pairs of all `units`, (n, d), each once."""
    low = _bounded(units)
    for start in range(0, len(units), _SQUARE):
        for other in range(start, len(units), _SQUARE):
            near = low[start : start + _SQUARE] @ low[other : other + _SQUARE].T >= floor
            left, right = _hits(np.triu(near, 1) if start == other else near)
            yield _exact(units, left + start, right + other, floor)


def pairs_of(units: Vectors, some: Numbers, floor: float) -> Iterator[Pairs]:
    """Yield the pairs of the performers at `some` with everybody, exactly, each once."""
    among = np.zeros(len(units), bool)
    among[some] = True
    for start in range(0, len(some), _TILE):
        part = some[start : start + _TILE]
        at, near = _hits(units[part] @ units.T >= floor)
        own = part[at]
        once = (own < near) | ((own > near) & ~among[near])
        left, right = np.minimum(own, near)[once], np.maximum(own, near)[once]
        yield _exact(units, left, right, floor)


def _hits(near: npt.NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
    """Return the rows and the columns of what is true in `near`, (n, m), in order.

    `np.nonzero` takes as long for a matrix as its products did; for one dimension it is far faster.
    """
    row, column = np.divmod(np.flatnonzero(near), max(near.shape[1], 1))
    return row, column


def _bounded(units: Vectors) -> Vectors:
    """Return vectors whose products are never under those of `units`: their main directions, and
    the length of the rest."""
    if not len(units):
        return units
    sample = units[:: -(-len(units) // _LOOKED_AT)]
    values, directions = np.linalg.eigh(sample.T @ sample)
    held = np.cumsum(values[::-1]) / max(float(values.sum()), 1e-9)
    count = min(int(np.searchsorted(held, _HELD)) + 1, _MOST_DIRECTIONS)
    low = units @ np.ascontiguousarray(directions[:, ::-1][:, :count])
    rest = np.sqrt(np.maximum(1 - np.einsum("nd,nd->n", low, low), 0))
    return np.concatenate([low, rest[:, None] + np.float32(1e-4)], axis=1).astype(np.float32)


def _exact(units: Vectors, left: Numbers, right: Numbers, floor: float) -> Pairs:
    cosines = np.empty(len(left), np.float32)
    for start in range(0, len(left), _TILE):
        part = slice(start, start + _TILE)
        cosines[part] = np.einsum("nd,nd->n", units[left[part]], units[right[part]])
    over = cosines >= floor
    return left[over], right[over], cosines[over]


def joined(
    found: Iterable[Pairs],
) -> Pairs:
    """Return all pairs of `found` as one."""
    nothing = np.zeros(0, int), np.zeros(0, int), np.zeros(0, np.float32)
    left, right, cosines = map(np.concatenate, zip(nothing, *found, strict=True))
    return left, right, cosines
