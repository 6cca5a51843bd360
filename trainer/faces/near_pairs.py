"""Pairs of unit vectors whose cosine is at or over a floor.

A first filter in the vectors' main directions adds to each cosine what the other directions could
add at most, so that it misses no pair; what passes is compared exactly. Of more than `_ALL` vectors
each is compared with those in the nearest lists of an inverted file only, since the square of their
number is too much: pairs near the floor may be missed then, where neither finds the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from trainer.faces.agreement import Numbers, Vectors
from trainer.faces.inverted_file import InvertedFile
from trainer.faces.main_directions import main_directions

Pairs = tuple[Numbers, Numbers, Vectors]  # places of the left and the right vectors, cosines
_DIRECTIONS = 256
_ALL, _PROBED = 131_072, 32_768
_TILE = 2_048
_FEW = 1_024  # vectors whose pairs cost less without a filter: that takes time for all vectors
_SQUARE = 512  # its products stay in the processor's cache


def all_pairs(units: Vectors, floor: float) -> Iterator[Pairs]:
    """Yield the pairs of all `units`, (n, d), each once."""
    low = _bounded(units)
    if len(units) > _ALL:
        yield _once(joined(_probed(units, low, floor)), len(units))
        return
    for start in range(0, len(units), _SQUARE):
        for other in range(start, len(units), _SQUARE):
            near = low[start : start + _SQUARE] @ low[other : other + _SQUARE].T >= floor
            left, right = _hits(np.triu(near, 1) if start == other else near)
            yield _exact(units, left + start, right + other, floor)


def _probed(units: Vectors, low: Vectors, floor: float) -> Iterator[Pairs]:
    """Yield what every vector finds in the nearest lists, some pairs twice."""
    lists = InvertedFile(low, _PROBED)
    # In the order of the lists: a block's vectors probe the same ones.
    for start in range(0, len(units), _TILE):
        block = lists.vectors[start : start + _TILE]
        for queries, _, first, last in lists.probe(block):
            row, column = _hits(block[queries] @ lists.vectors[first:last].T >= floor)
            own, near = lists.order[start + queries[row]], lists.order[first + column]
            left, right = np.minimum(own, near), np.maximum(own, near)
            others = left < right
            yield _exact(units, left[others], right[others], floor)


def _once(pairs: Pairs, count: int) -> Pairs:
    """Return each of the pairs of `count` vectors once."""
    left, right, cosines = pairs
    _, first = np.unique(left * count + right, return_index=True)
    return left[first], right[first], cosines[first]


def pairs_of(units: Vectors, some: Numbers, floor: float) -> Iterator[Pairs]:
    """Yield the pairs of the performers at `some` with everybody, none missed, each once."""
    among = np.zeros(len(units), bool)
    among[some] = True
    low = units if len(some) < _FEW else _bounded(units)
    for start in range(0, len(some), _SQUARE):
        part = some[start : start + _SQUARE]
        for other in range(0, len(units), _SQUARE):
            row, column = _hits(low[part] @ low[other : other + _SQUARE].T >= floor)
            own, near = part[row], other + column
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
    low = units @ main_directions(units, _DIRECTIONS)
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
