"""The face cache: `faces/<pack_id>/part-*.parquet`, read without loading what is not asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from trainer.staging.parquet import parts, read_parts, read_table
from trainer.staging.schemas import EMBEDDING_WIDTH, FACES

VECTOR_COLUMNS = ("facenet", "arcface")
_KEYS = ["image_sha256", "face_no"]
_NO_KEYS = pl.DataFrame(schema={"image_sha256": pl.String, "face_no": pl.Int16})
_FIGURES = [name for name in FACES.names if name not in VECTOR_COLUMNS]
Vectors = npt.NDArray[np.float32]
T = TypeVar("T")


def cache_parts(directory: Path) -> list[Path]:
    """Return the finished parts of a pack's face cache, in name order."""
    return parts(directory, "part-")


def cached_images(directory: Path) -> set[str]:
    """sha256 of every picture that was tried, whatever came of it."""
    table = read_parts(cache_parts(directory), FACES, columns=["image_sha256"])
    return set(table.column("image_sha256").to_pylist())


def read_figures(directory: Path, columns: Sequence[str] = _FIGURES) -> pl.DataFrame:
    """All rows without their vectors, one per (picture, face). `columns` have these two keys."""
    return read_part_figures(cache_parts(directory), columns)


def read_part_figures(paths: Sequence[Path], columns: Sequence[str] = _FIGURES) -> pl.DataFrame:
    """As `read_figures`, of some parts of a cache."""
    table = read_parts(paths, FACES, columns=list(columns))
    frame = pl.DataFrame(pl.from_arrow(table))
    return frame.unique(_KEYS, keep="first", maintain_order=True)


@dataclass(frozen=True)
class FaceVectors:
    """Unit vectors of faces as they lie in the cache: float16, (n, width) per model slot.

    `keys`: image_sha256, face_no and `row`, the row in the arrays, each face once.
    """

    keys: pl.DataFrame
    slots: dict[str, npt.NDArray[np.float16]]

    @property
    def width(self) -> int:
        """The number of values per vector, the same for both models."""
        return EMBEDDING_WIDTH

    def rows(self, slot: str, rows: npt.NDArray[np.int64]) -> Vectors:
        """The vectors at `rows` as float32, (len(rows), width)."""
        return self.slots[slot][rows].astype(np.float32)

    def each(self, work: Callable[[str], T]) -> dict[str, T]:
        """What `work` makes of each model's slot, all at a time: numpy leaves Python's lock alone
        while it computes. Must not use a threaded BLAS, whose threads would wait for each other."""
        with ThreadPoolExecutor(max_workers=len(self.slots)) as pool:
            return dict(zip(self.slots, pool.map(work, self.slots), strict=True))

    def as_column(self, slot: str, rows: npt.NDArray[np.int64]) -> pa.Array:
        """The vectors at `rows` as they lie in the cache, float16 bytes each."""
        flat = pa.py_buffer(np.ascontiguousarray(self.slots[slot][rows]))
        kind = pa.binary(2 * self.width)
        return pa.FixedSizeBinaryArray.from_buffers(kind, len(rows), [None, flat])


def read_vectors(directory: Path, images: Iterable[str]) -> FaceVectors:
    """The vectors of all faces of `images`, each where it comes first."""
    selected = list(_selected_rows(cache_parts(directory), images))
    most = sum(pc.sum(rows).as_py() for _path, rows in selected)
    slots = {name: np.empty((most, EMBEDDING_WIDTH), np.float16) for name in VECTOR_COLUMNS}
    keys = [_NO_KEYS]
    count = 0
    for path, rows in selected:
        table = read_table(path, [*_KEYS, *VECTOR_COLUMNS])
        table = table.filter(pc.and_(rows, pc.is_valid(table.column(VECTOR_COLUMNS[0]))))
        keys.append(pl.DataFrame(pl.from_arrow(table.select(_KEYS))))
        following = count + len(table)
        for name, vectors in slots.items():
            vectors[count:following] = _as_float16(table.column(name))
        count = following
    numbered = pl.concat(keys).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    once = numbered.unique(_KEYS, keep="first", maintain_order=True)
    return FaceVectors(once, {name: vectors[:count] for name, vectors in slots.items()})


def _selected_rows(
    paths: Sequence[Path], images: Iterable[str]
) -> Iterator[tuple[Path, pa.ChunkedArray]]:
    """Each part that has any of `images`, and which of its rows do. All are looked up at once:
    a table of hundreds of thousands of hashes takes longer to make than to use."""
    keys = [read_table(path, ["image_sha256"]).column("image_sha256") for path in paths]
    chunks = [chunk for column in keys for chunk in column.chunks]
    wanted = pa.array(sorted(set(images)), pa.string())
    found = pc.is_in(pa.chunked_array(chunks, pa.string()), value_set=wanted)
    start = 0
    for path, column in zip(paths, keys, strict=True):
        rows = found.slice(start, len(column))
        start += len(column)
        if pc.any(rows).as_py():
            yield path, rows


def _as_float16(column: pa.ChunkedArray) -> npt.NDArray[np.float16]:
    """A column of float16 bytes as an (n, width) array, without a Python object a face."""
    parts = [np.empty((0, EMBEDDING_WIDTH), "<f2")]
    for chunk in column.chunks:
        flat = np.frombuffer(chunk.buffers()[1], "<f2").reshape(-1, EMBEDDING_WIDTH)
        parts.append(flat[chunk.offset : chunk.offset + len(chunk)])
    return np.concatenate(parts)
