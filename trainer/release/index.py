"""The two Voyager indexes: built with explicit ids, M chosen by measured recall."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import voyager

from trainer.errors import StageFailed
from trainer.release.contract import DIMENSIONS, NEIGHBOURS
from trainer.release.inputs import Vectors
from trainer.release.search import exact_neighbours
from trainer.staging.atomic import whole_file

EF_CONSTRUCTION = 200
WANTED_RECALL = 0.99
M_LADDER = (12, 16, 24, 32, 48)
# From here on several threads build, and the bytes are no longer the same every time.
DETERMINISTIC_BELOW = 20_000
_BATCH = 2_048
_TIE = 1e-5  # distances this close are the same neighbour: duplicates, rounding
_SEED = 1


@dataclass(frozen=True)
class RecallPoint:
    """How often the search finds, at the sidecar's k and ef, what exact search finds.

    `recall_at_1`: the nearest other face is among the neighbours; `recall_at_10`: share of the ten
    nearest other faces that are. Measured over `queries` indexed faces.
    """

    m: int
    recall_at_1: float
    recall_at_10: float
    queries: int


@dataclass(frozen=True)
class IndexResult:
    m: int
    ef_construction: int
    curve: list[RecallPoint]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def build_index(
    path: Path,
    vectors: Vectors,
    *,
    advance: Callable[[int], Any] = lambda _count: None,
    sample: int = 1_000,
    seed: int = 0,
) -> IndexResult:
    """Write the index of `vectors` (n, 512) to `path`, vector i under id i.

    Climbs `M_LADDER` until recall@1 reaches `WANTED_RECALL`; the last rung is kept either way, and
    the curve says what it gives. `advance` hears of every batch. Refuses NaN and zero vectors.
    """
    _refuse_bad(vectors)
    curve: list[RecallPoint] = []
    rungs = _rungs(len(vectors))
    for m in rungs:
        index = _build(vectors, m, advance)
        curve.append(measure(index, vectors, sample=sample, seed=seed))
        if curve[-1].recall_at_1 >= WANTED_RECALL or m == rungs[-1]:
            _save(path, index, vectors)
            return IndexResult(m, EF_CONSTRUCTION, curve)
    raise AssertionError("the ladder has a last rung")


def measure(index: voyager.Index, vectors: Vectors, *, sample: int, seed: int) -> RecallPoint:
    """Recall of `index` against exact search, for a seeded sample of its own vectors."""
    n = len(vectors)
    k = min(NEIGHBOURS, n)
    if n < 2:
        return RecallPoint(index.M, 1.0, 1.0, 0)
    chosen = np.sort(np.random.default_rng(seed).permutation(n)[:sample])
    exact, distances = exact_neighbours(vectors[chosen], vectors, min(10, n - 1), exclude=chosen)
    found = np.asarray(index.query(vectors[chosen], k=k)[0], dtype=np.int64).reshape(-1, k)
    first = tens = 0.0
    for row, own in enumerate(chosen):
        others = found[row][found[row] != own]
        near = 1.0 - vectors[others] @ vectors[own]
        first += bool((near <= distances[row, 0] + _TIE).any())
        tens += min(1.0, float((near <= distances[row, -1] + _TIE).sum()) / exact.shape[1])
    return RecallPoint(index.M, first / len(chosen), tens / len(chosen), len(chosen))


def load_index(path: Path) -> voyager.Index:
    """Open an index whose hash was checked; anything else is opened by `index_probe` instead."""
    with path.open("rb") as stream:
        return voyager.Index.load(stream)


def _rungs(n: int) -> tuple[int, ...]:
    """Large indexes are known to need a larger M: no hours are spent on rungs that cannot do."""
    lowest = 12 if n < DETERMINISTIC_BELOW else 16 if n < 100_000 else 24
    return tuple(m for m in M_LADDER if m >= lowest)


def _build(vectors: Vectors, m: int, advance: Callable[[int], Any]) -> voyager.Index:
    threads = 1 if len(vectors) < DETERMINISTIC_BELOW else os.cpu_count() or 1
    index = voyager.Index(
        voyager.Space.Cosine,
        num_dimensions=DIMENSIONS,
        M=m,
        ef_construction=EF_CONSTRUCTION,
        random_seed=_SEED,
        max_elements=max(len(vectors), 1),
        storage_data_type=voyager.StorageDataType.Float32,
    )
    for start in range(0, len(vectors), _BATCH):
        batch = vectors[start : start + _BATCH]
        index.add_items(batch, ids=list(range(start, start + len(batch))), num_threads=threads)
        advance(len(batch))
    return index


def _save(path: Path, index: voyager.Index, vectors: Vectors) -> None:
    """Save, load again and compare a spread of vectors: ids never shift unseen."""
    with whole_file(path) as temporary:
        index.save(str(temporary))
        again = load_index(temporary)
        ids = np.unique(np.linspace(0, max(len(vectors) - 1, 0), 1_000, dtype=np.int64))
        if len(again) != len(vectors):
            raise StageFailed(f"{path.name}: {len(again)} vectors saved, {len(vectors)} given")
        if len(vectors) and not np.allclose(again.get_vectors(ids), vectors[ids], atol=1e-5):
            raise StageFailed(f"{path.name}: saved vectors differ from the given ones")


def _refuse_bad(vectors: Vectors) -> None:
    if vectors.ndim != 2 or vectors.shape[1] != DIMENSIONS:
        raise StageFailed(f"vectors have shape {vectors.shape}, expected (n, {DIMENSIONS})")
    bad = np.flatnonzero(~(np.linalg.norm(vectors, axis=1) > 1e-6) | ~np.isfinite(vectors).all(1))
    if bad.size:
        raise StageFailed(
            f"vector {int(bad[0])} is zero or not a number ({bad.size} such); "
            "embed its picture again"
        )
