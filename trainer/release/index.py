"""The two Voyager indexes: built with explicit ids, M chosen by measured recall."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import voyager

from trainer.errors import StageFailed
from trainer.reasons import reason
from trainer.release.contract import DIMENSIONS
from trainer.release.index_read import differing, load_index
from trainer.release.recall import RecallPoint, measure
from trainer.release.search import Ids
from trainer.release.vector_file import AnyVectors
from trainer.staging.atomic import whole_file

log = logging.getLogger(__name__)

EF_CONSTRUCTION = 200
WANTED_RECALL = 0.99
M_LADDER = (12, 16, 24, 32, 48)
# From here on several threads build, and the bytes are no longer the same every time.
DETERMINISTIC_BELOW = 20_000
MOST_REPLACED = 0.02  # replacing one costs about as much as adding ten
_BATCH = 2_048
_SEED = 1

Storage = Literal["float32", "float8", "e4m3"]
Advance = Callable[[int], Any]
_TYPES = {
    "float32": voyager.StorageDataType.Float32,
    "float8": voyager.StorageDataType.Float8,
    "e4m3": voyager.StorageDataType.E4M3,
}
# How far a saved number may lie from the one given: rounding of the storage type.
ROUNDING = {"float32": 1e-5, "float8": 0.01, "e4m3": 0.05}


@dataclass(frozen=True)
class IndexOptions:
    """`start`: the first M to try; None: by size. `budget`: seconds after which no larger M is
    begun, one that would not be ready by then neither."""

    storage: Storage = "float32"
    start: int | None = None
    budget: float = float("inf")
    sample: int = 1_000
    seed: int = 0


@dataclass(frozen=True)
class Base:
    """An index of the first `count` vectors, in order, but for those at `replaced`, ascending.

    None: they are found by comparing, and where they are many, or the index has another number of
    vectors, nothing of it is kept.
    """

    path: Path
    count: int
    replaced: Ids | None = None


@dataclass(frozen=True)
class IndexResult:
    """`made`: `built` anew, or `added` vectors to the last release's, `replaced` of its own."""

    m: int
    ef_construction: int
    curve: list[RecallPoint]
    storage: Storage
    made: Literal["built", "added"]
    replaced: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the figures as the manifest states them."""
        return asdict(self)


def build_index(
    path: Path,
    vectors: AnyVectors,
    options: IndexOptions | None = None,
    *,
    base: Base | None = None,
    advance: Advance = lambda _count: None,
    clock: Callable[[], float] = time.monotonic,
) -> IndexResult:
    """Write the index of `vectors` (n, 512) to `path`, vector i under id i.

    With `base` the other vectors go into a copy of it, if the recall still holds. Else climbs
    `M_LADDER` until recall@1 reaches `WANTED_RECALL`, the ladder or the budget ends; the last rung
    is kept either way, and the curve says what it gives. `advance` hears of every batch.
    Refuses NaN and zero vectors.
    """
    options = options or IndexOptions()
    _refuse_bad(vectors)
    with whole_file(path) as temporary:
        curve, replaced = _grow(temporary, base, vectors, options, advance) if base else ([], 0)
        grown = bool(curve) and curve[-1].recall_at_1 >= WANTED_RECALL
        if not grown:
            start = curve[-1].m if curve else options.start
            curve = _climb(temporary, vectors, replace(options, start=start), advance, clock)
        # No index is in memory any more: it is as large as its vectors, and is now read again.
        _check_saved(temporary, path.name, vectors, options.storage)
    made: Literal["built", "added"] = "added" if grown else "built"
    if not grown:
        replaced = 0
    return IndexResult(curve[-1].m, EF_CONSTRUCTION, curve, options.storage, made, replaced)


def _grow(
    path: Path, base: Base, vectors: AnyVectors, options: IndexOptions, advance: Advance
) -> tuple[list[RecallPoint], int]:
    """What a copy of the base finds with all vectors, saved where that is enough, and how many of
    its own were replaced; no point where too many would have to be, or it is another index."""
    index, replaced = load_index(base.path), base.replaced
    if len(index) != base.count or index.storage_data_type != _TYPES[options.storage]:
        if replaced is None:
            return [], 0
        raise StageFailed(f"{base.path} is not the index that was asked for; build it anew")
    if replaced is None:
        replaced = differing(index, vectors, ROUNDING[options.storage])
        if len(replaced) > MOST_REPLACED * len(vectors):
            return [], 0
    index.resize(max(len(vectors), 1))
    advance(base.count - len(replaced))  # these are in it already
    _add(index, vectors, replaced, advance)
    _add(index, vectors, np.arange(base.count, len(vectors)), advance)
    point = measure(index, vectors, sample=options.sample, seed=options.seed)
    if point.recall_at_1 >= WANTED_RECALL:
        index.save(str(path))
    return [point], len(replaced)


def _climb(
    path: Path,
    vectors: AnyVectors,
    options: IndexOptions,
    advance: Advance,
    clock: Callable[[], float],
) -> list[RecallPoint]:
    """Save the first index that finds enough, or the last one that was tried; the whole curve."""
    rungs = _rungs(len(vectors), options.start)
    curve: list[RecallPoint] = []
    began = clock()
    for at, m in enumerate(rungs):
        start = clock()
        index = _empty(len(vectors), m, options.storage)
        _add(index, vectors, np.arange(len(vectors)), advance)
        curve.append(measure(index, vectors, sample=options.sample, seed=options.seed))
        log.info(
            f"build_release: M={m}: recall@1 {curve[-1].recall_at_1:.4f}, wanted {WANTED_RECALL}"
        )
        # A rung costs about as much more as its M is larger.
        following = rungs[at + 1] if m != rungs[-1] else m
        ready = clock() - began + (clock() - start) * following / m
        if curve[-1].recall_at_1 >= WANTED_RECALL or m == following or ready > options.budget:
            index.save(str(path))
            return curve
        del index  # two of them would not fit where one does
    raise AssertionError("the ladder has a last rung")


def _rungs(n: int, start: int | None) -> tuple[int, ...]:
    """Large indexes are known to need a larger M: no hours are spent on rungs that cannot do."""
    lowest = start or (12 if n < DETERMINISTIC_BELOW else 16 if n < 100_000 else 24)
    return tuple(m for m in M_LADDER if m >= lowest) or M_LADDER[-1:]


def _empty(count: int, m: int, storage: Storage) -> voyager.Index:
    return voyager.Index(
        voyager.Space.Cosine,
        num_dimensions=DIMENSIONS,
        M=m,
        ef_construction=EF_CONSTRUCTION,
        random_seed=_SEED,
        max_elements=max(count, 1),
        storage_data_type=_TYPES[storage],
    )


def _add(index: voyager.Index, vectors: AnyVectors, ids: Ids, advance: Advance) -> None:
    """Vectors `ids`, ascending. One thread gives the same bytes every time."""
    threads = 1 if len(vectors) < DETERMINISTIC_BELOW else os.cpu_count() or 1
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        index.add_items(vectors[batch], ids=batch.tolist(), num_threads=threads)
        advance(len(batch))


def _check_saved(path: Path, name: str, vectors: AnyVectors, storage: Storage) -> None:
    """Load it and compare a spread of vectors: ids never shift unseen."""
    try:
        index = load_index(path)
    except RuntimeError as error:  # Voyager does not say when a disk is full
        raise StageFailed(
            f"{name}: not written whole ({reason(error)}); free disk space, and build again"
        ) from error
    ids = np.unique(np.linspace(0, max(len(vectors) - 1, 0), 1_000, dtype=np.int64))
    if len(index) != len(vectors):
        raise StageFailed(
            f"{name}: {len(index)} vectors saved, {len(vectors)} given; "
            "check memory and disk, and build again"
        )
    near = ROUNDING[storage]
    if len(vectors) and not np.allclose(index.get_vectors(ids), vectors[ids], atol=near):
        raise StageFailed(f"{name}: saved vectors differ from the given ones; build again")


def _refuse_bad(vectors: AnyVectors) -> None:
    if not len(vectors):
        raise StageFailed("no face to index: an index cannot be empty; add sources, or pictures")
    if len(vectors.shape) != 2 or vectors.shape[1] != DIMENSIONS:
        raise StageFailed(f"vectors have shape {vectors.shape}, not (n, {DIMENSIONS}); embed again")
    for start in range(0, len(vectors), _BATCH):
        part = vectors[start : start + _BATCH]
        norms = np.sqrt(np.einsum("nd,nd->n", part, part))
        bad = np.flatnonzero(~(norms > 1e-6) | ~np.isfinite(norms))
        if bad.size:
            raise StageFailed(
                f"vector {start + int(bad[0])} is zero or not a number; embed its picture again"
            )
