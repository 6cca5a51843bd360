"""A built index, opened and read."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
import voyager

from trainer.release.contract import DIMENSIONS
from trainer.release.search import Ids
from trainer.release.vector_file import AnyVectors, VectorFile, Vectors

_BLOCK = 4_096  # vectors at a time: 8 MB, which the process gets once and uses again
T = TypeVar("T")


def load_index(path: Path) -> voyager.Index:
    """Open an index whose hash was checked; anything else is opened by `index_probe` instead.

    By its name: through an open Python file Voyager reads a quarter as fast.
    """
    return voyager.Index.load(str(path))


def vectors_of(index: voyager.Index) -> Vectors:
    """All vectors, (n, 512), by id."""
    found = np.empty((len(index), DIMENSIONS), np.float32)

    def read(ids: Ids) -> None:
        found[ids] = index.get_vectors(ids)

    _in_blocks(len(index), read)
    return found


def vectors_in_file(index: voyager.Index, directory: Path) -> VectorFile:
    """All vectors, by id, in a file of `directory`."""
    found = VectorFile(len(index), directory)
    for at in range(0, len(index), _BLOCK):
        ids = np.arange(at, min(at + _BLOCK, len(index)))
        found.put(ids, index.get_vectors(ids))
    return found


def differing(index: voyager.Index, vectors: AnyVectors, near: float) -> Ids:
    """Ids of the index whose vector is another than in `vectors` (n, 512), ascending: some number
    differs by more than `near`. More vectors than the index has do not matter."""

    def far(ids: Ids) -> Ids:
        apart: Vectors = np.abs(index.get_vectors(ids) - vectors[ids])
        return ids[np.flatnonzero(apart.max(axis=1) > near)]

    return np.concatenate([np.zeros(0, np.int64), *_in_blocks(len(index), far)])


def _in_blocks(count: int, work: Callable[[Ids], T]) -> list[T]:
    """What `work` makes of some ids at a time, in order; by all cores."""
    blocks = [np.arange(at, min(at + _BLOCK, count)) for at in range(0, count, _BLOCK)]
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        return list(pool.map(work, blocks))
