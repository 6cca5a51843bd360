"""Vectors in a file without a name: memory holds only those that are worked with."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trainer.release.contract import DIMENSIONS

Ids = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]
_ROW_BYTES = 4 * DIMENSIONS


class VectorFile:
    """(n, 512) float32 on disk: written some rows at a time, then read as an array is, by a slice,
    row numbers or one number.

    The file is deleted when nobody holds it any more, or its process ends, however that happens.
    """

    def __init__(self, count: int, directory: Path) -> None:
        """A file of `count` vectors in `directory`; all of them have to be `put` before any is
        read."""
        self._file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 - read as long as this
        self._count = count

    def __len__(self) -> int:
        return self._count

    @property
    def shape(self) -> tuple[int, int]:
        """As of an array."""
        return self._count, DIMENSIONS

    def put(self, rows: Ids, vectors: Vectors) -> None:
        """Write vector i to row `rows[i]`; raises `OSError` where the disk is full."""
        for start, stop in _runs(rows):
            self._file.seek(int(rows[start]) * _ROW_BYTES)
            self._file.write(np.ascontiguousarray(vectors[start:stop]).data)
        self._file.flush()

    def __getitem__(self, rows: slice | Ids | int) -> Vectors:
        """A copy of some rows. They are read, not mapped: what a mapping has read counts as the
        process's memory, and where the disk fails it ends the process."""
        if isinstance(rows, slice):
            rows = np.arange(*rows.indices(self._count))
        numbers = np.atleast_1d(rows)
        found = np.empty((len(numbers), DIMENSIONS), np.float32)
        for start, stop in _runs(numbers):
            self._read(int(numbers[start]), found[start:stop])
        return found if np.ndim(rows) else found[0]

    def _read(self, row: int, into: Vectors) -> None:
        if os.preadv(self._file.fileno(), [into.data], row * _ROW_BYTES) != into.nbytes:
            raise OSError(f"{len(into)} vectors from {row} on could not be read again")


def _runs(rows: Ids) -> Iterator[tuple[int, int]]:
    """Where numbers follow one another: the first place and the one after the last, of each run."""
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    edges = [0, *breaks.tolist(), len(rows)] if len(rows) else []
    return pairwise(edges)


# What is searched and indexed: in memory, or in a file.
AnyVectors = Vectors | VectorFile
