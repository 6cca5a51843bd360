"""The face cache: `faces/<pack_id>/part-*.parquet`, read without loading what is not asked for."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from trainer.staging.parquet import parts, read_parts, read_table
from trainer.staging.schemas import FACES

VECTOR_COLUMNS = ("facenet", "arcface")
_FIGURES = [name for name in FACES.names if name not in VECTOR_COLUMNS]
Vectors = npt.NDArray[np.float32]
FaceKey = tuple[str, int]


def cache_parts(directory: Path) -> list[Path]:
    return parts(directory, "part-")


def cached_pictures(directory: Path) -> set[str]:
    """sha256 of every picture that was tried, whatever came of it."""
    table = read_parts(cache_parts(directory), FACES, columns=["image_sha256"])
    return set(table.column("image_sha256").to_pylist())


def read_figures(directory: Path) -> pl.DataFrame:
    """All rows without their vectors, one a (picture, face)."""
    table = read_parts(cache_parts(directory), FACES, columns=_FIGURES)
    frame = pl.DataFrame(pl.from_arrow(table))
    return frame.unique(["image_sha256", "face_no"], keep="first", maintain_order=True)


def read_vector_rows(directory: Path, pictures: Iterable[str]) -> pa.Table:
    """image_sha256, face_no, facenet, arcface (float16 bytes) of the faces of `pictures`."""
    wanted = pa.array(sorted(set(pictures)), pa.string())
    columns = ["image_sha256", "face_no", *VECTOR_COLUMNS]
    schema = pa.schema([FACES.field(name) for name in columns])
    tables = []
    for path in cache_parts(directory):
        table = read_table(path, columns)
        mask = pc.and_(
            pc.is_in(table.column("image_sha256"), value_set=wanted),
            pc.is_valid(table.column("facenet")),
        )
        tables.append(table.filter(mask).cast(schema))
    return pa.concat_tables(tables) if tables else schema.empty_table()


def read_vectors(directory: Path, pictures: Iterable[str]) -> dict[FaceKey, dict[str, Vectors]]:
    """Unit vectors by (picture, face) and model slot."""
    table = read_vector_rows(directory, pictures)
    keys = zip(
        table.column("image_sha256").to_pylist(), table.column("face_no").to_pylist(), strict=True
    )
    slots = {name: to_float32(table.column(name)) for name in VECTOR_COLUMNS}
    return {key: {name: slots[name][i] for name in slots} for i, key in enumerate(keys)}


def to_float32(column: pa.ChunkedArray) -> Vectors:
    """A column of float16 bytes as an (n, 512) array."""
    raw = b"".join(column.to_pylist())
    return np.frombuffer(raw, "<f2").reshape(len(column), -1).astype(np.float32)
