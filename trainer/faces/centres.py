"""Performers' mean faces, a face beside its own, and the nearest of all the others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from trainer.faces.agree import Numbers, Vectors
from trainer.faces.cache import FaceVectors

_FACES = 8_192  # as float32 at a time: 16 MB a model
_QUERIES, _TILE = 2_048, 2_048
# First filter: both models' main directions, as many as hold this share of the centres, but no more
# than 128 (of vectors that differ in all directions, these move a cosine by about 0.09); the
# nearest of the best tiles are then compared exactly.
_HELD, _DIRECTIONS = 0.95, 128
_LOOKED_AT = 8_192  # centres, for their main directions
_EXACT = 12
Flags = npt.NDArray[np.bool_]


def centres(
    vectors: FaceVectors, rows: Numbers, owners: Numbers, among: Flags, count: int
) -> dict[str, Vectors]:
    """The sum of each performer's vectors `among` its faces, (count, d) a model.

    `owners` (n,) ascending, `rows` (n,) of `vectors`.
    """
    sums = {}
    for slot in vectors.slots:
        total = np.zeros((count, vectors.width), np.float32)
        chosen = np.flatnonzero(among)
        for start in range(0, len(chosen), _FACES):
            part = chosen[start : start + _FACES]
            numbers, starts = np.unique(owners[part], return_index=True)
            total[numbers] += np.add.reduceat(vectors.rows(slot, rows[part]), starts, axis=0)
        sums[slot] = total
    return sums


def to_own(
    vectors: FaceVectors, rows: Numbers, owners: Numbers, among: Flags, sums: dict[str, Vectors]
) -> Vectors:
    """Cosine of each face to the mean of its performer's others, (n,); NaN where none is left."""
    left = np.bincount(owners[among], minlength=owners.max(initial=0) + 1)[owners] - among
    result = np.zeros(len(rows), np.float32)
    for slot, total in sums.items():
        for start in range(0, len(rows), _FACES):
            part = slice(start, start + _FACES)
            face = vectors.rows(slot, rows[part])
            rest = total[owners[part]] - face * among[part, None]
            lengths = np.maximum(np.linalg.norm(rest, axis=1), 1e-9)
            result[part] += (face * rest).sum(axis=1) / lengths / len(sums)
    return np.where(left > 0, result, np.float32(np.nan))


def nearest_other(
    vectors: FaceVectors, rows: Numbers, owners: Numbers, sums: dict[str, Vectors], present: Flags
) -> tuple[Numbers, Vectors]:
    """The nearest performer but one's own for each face, and the cosine; -1 where there is none.

    `present` (count,): who has a centre. The search is approximate: an other performer as near as
    the limits of contamination ask is practically never missed.
    """
    found, scores = np.zeros(len(rows), np.int64), np.full(len(rows), -1, np.float32)
    where = np.flatnonzero(present)
    if not where.size or not len(rows):
        return found, scores
    matrix = _main_directions(sums, where)
    lengths = _lengths(sums)
    low = np.concatenate([_low(sums, where[s : s + _FACES], matrix) for s in _starts(where)])
    own = np.where(present[owners], np.searchsorted(where, owners), -1)
    for start in range(0, len(rows), _QUERIES):
        part = slice(start, start + _QUERIES)
        faces = {slot: vectors.rows(slot, rows[part]) for slot in sums}
        query = np.concatenate(list(faces.values()), axis=1) @ matrix
        picked = where[_candidates(query, low, own[part])]
        exact = _exact(faces, sums, lengths, picked)
        exact[picked == owners[part, None]] = -1
        best = exact.argmax(axis=1)
        at = np.arange(len(best))
        found[part], scores[part] = picked[at, best], exact[at, best]
    return found, scores


def _starts(where: Numbers) -> range:
    return range(0, len(where), _FACES)


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: Vectors = vectors / np.maximum(lengths, 1e-9)
    return unit


def _main_directions(sums: dict[str, Vectors], where: Numbers) -> Vectors:
    """Columns to project both models' vectors on, (width of both, directions)."""
    units = _units(sums, where[:: -(-len(where) // _LOOKED_AT)])
    values, directions = np.linalg.eigh(units.T @ units)
    held = np.cumsum(values[::-1]) / max(float(values.sum()), 1e-9)
    count = min(int(np.searchsorted(held, _HELD)) + 1, _DIRECTIONS)
    main: Vectors = np.ascontiguousarray(directions[:, ::-1][:, :count])
    return main


def _units(sums: dict[str, Vectors], where: Numbers) -> Vectors:
    return np.concatenate([_unit(total[where]) for total in sums.values()], axis=1)


def _low(sums: dict[str, Vectors], where: Numbers, matrix: Vectors) -> Vectors:
    low: Vectors = _units(sums, where) @ matrix
    return low


def _candidates(query: Vectors, low: Vectors, own: Numbers) -> Numbers:
    """Places in `low` of the best of each tile, for the best tiles, (n, up to _EXACT)."""
    tile = min(_TILE, -(-len(low) // 64))  # few performers: a tile is one of them
    starts = range(0, len(low), tile)
    best = np.empty((len(query), len(starts)), np.float32)
    place = np.empty((len(query), len(starts)), np.int64)
    at = np.arange(len(query))
    for number, start in enumerate(starts):
        products = query @ low[start : start + tile].T
        inside = (own >= start) & (own < start + products.shape[1])
        products[at[inside], own[inside] - start] = -np.inf
        top = products.argmax(axis=1)
        best[:, number], place[:, number] = products[at, top], top + start
    order = np.argsort(-best, axis=1, kind="stable")[:, :_EXACT]
    return np.take_along_axis(place, order, axis=1)


def _exact(
    faces: dict[str, Vectors],
    sums: dict[str, Vectors],
    lengths: dict[str, Vectors],
    picked: Numbers,
) -> Vectors:
    total = np.zeros(picked.shape, np.float32)
    for slot, own in faces.items():
        products = np.einsum("nd,nkd->nk", own, sums[slot][picked])
        total += products / lengths[slot][picked] / len(sums)
    return total


def _lengths(sums: dict[str, Vectors]) -> dict[str, Vectors]:
    return {s: np.maximum(np.linalg.norm(total, axis=1), 1e-9) for s, total in sums.items()}


def nearest_among(
    vectors: FaceVectors, rows: Numbers, owners: Numbers, sums: dict[str, Vectors], some: Numbers
) -> tuple[Numbers, Vectors]:
    """The nearest of the performers `some` but one's own for each face, exactly; and the cosine."""
    found, scores = np.zeros(len(rows), np.int64), np.full(len(rows), -1, np.float32)
    if not some.size:
        return found, scores
    means = {slot: _unit(total[some]) for slot, total in sums.items()}
    for start in range(0, len(rows), _FACES):
        part = slice(start, start + _FACES)
        cosines = sum(vectors.rows(s, rows[part]) @ mean.T / len(sums) for s, mean in means.items())
        near = np.where(owners[part, None] == some, np.float32(-1), cosines)
        best = near.argmax(axis=1)
        found[part], scores[part] = some[best], near[np.arange(len(best)), best]
    return found, scores
