"""What a release is built from: `select/performers.parquet` and `select/faces.parquet`."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from trainer.errors import DamagedFileError
from trainer.staging.parquet import read_table
from trainer.staging.schemas import EMBEDDING_BYTES, EMBEDDING_WIDTH

PERFORMERS_FILE = "performers.parquet"
FACES_FILE = "faces.parquet"
_NORM_TOLERANCE = 0.01  # float16 rounding of 512 numbers moves a norm by far less

_MARK = pa.struct(
    [("location", pa.string()), ("description", pa.string()), ("source", pa.string())]
)

# One row a performer, strictly ascending by performer_id (the permanent id).
PERFORMER_INPUT = pa.schema(
    [
        pa.field("performer_id", pa.int64(), nullable=False),
        pa.field("canonical_name", pa.string(), nullable=False),
        ("disambiguation", pa.string()),
        ("gender", pa.string()),
        ("country", pa.string()),
        ("ethnicity", pa.string()),
        ("birth_date", pa.string()),
        ("death_date", pa.string()),
        ("height_cm", pa.int32()),
        ("eye_color", pa.string()),
        ("hair_color", pa.string()),
        ("career_start_year", pa.int32()),
        ("career_end_year", pa.int32()),
        ("scene_count", pa.int32()),
        ("stashdb_updated_at", pa.string()),
        ("image_url", pa.string()),
        pa.field("created_at", pa.string(), nullable=False),
        pa.field("updated_at", pa.string(), nullable=False),
        # `domain:id`; null only for a performer without any face.
        ("universal_id", pa.string()),
        # Every stash-box id of the performer; `source` is the short name, e.g. stashdb.
        (
            "claims",
            pa.list_(
                pa.struct(
                    [
                        ("source", pa.string()),
                        ("source_id", pa.string()),
                        ("created_at", pa.string()),
                    ]
                )
            ),
        ),
        # Pages of reference sites that are held to describe the performer: no stash-box ids.
        (
            "references",
            pa.list_(
                pa.struct(
                    [
                        ("source", pa.string()),
                        ("source_id", pa.string()),
                        ("page_url", pa.string()),
                    ]
                )
            ),
        ),
        ("aliases", pa.list_(pa.struct([("alias", pa.string()), ("source", pa.string())]))),
        (
            "urls",
            pa.list_(
                pa.struct(
                    [
                        ("site", pa.string()),
                        ("url", pa.string()),
                        ("normalized_id", pa.string()),
                        ("source", pa.string()),
                    ]
                )
            ),
        ),
        # Stash-box ids that were merged into this performer.
        (
            "merged",
            pa.list_(
                pa.struct(
                    [
                        ("source", pa.string()),
                        ("source_id", pa.string()),
                        ("merged_at", pa.string()),
                    ]
                )
            ),
        ),
        ("tattoos", pa.list_(_MARK)),
        ("piercings", pa.list_(_MARK)),
    ]
)

# One row a selected face. Row number = face index in both Voyager files and in faces.json.
FACE_INPUT = pa.schema(
    [
        pa.field("performer_id", pa.int64(), nullable=False),
        pa.field("image_sha256", pa.string(), nullable=False),
        pa.field("face_no", pa.int16(), nullable=False),
        ("image_url", pa.string()),
        ("page_url", pa.string()),
        pa.field("source", pa.string(), nullable=False),  # short name
        ("quality_score", pa.float64()),
        ("yaw", pa.float64()),  # degrees
        pa.field("created_at", pa.string(), nullable=False),
        ("run_id", pa.string()),  # the run that fetched the picture
        pa.field("rule", pa.string(), nullable=False),  # the rule that accepted the face
        pa.field("facenet", pa.binary(EMBEDDING_BYTES), nullable=False),  # float16, unit length
        pa.field("arcface", pa.binary(EMBEDDING_BYTES), nullable=False),
    ]
)

Vectors = npt.NDArray[np.float32]
Row = dict[str, Any]


@dataclass(frozen=True)
class ReleaseInputs:
    """`faces` are rows without vectors; `facenet` and `arcface` are (n, 512) float32, unit rows."""

    performers: list[Row]
    faces: list[Row]
    facenet: Vectors
    arcface: Vectors


def read_inputs(select_dir: Path) -> ReleaseInputs:
    """Read and validate both tables; raises `DamagedFileError` naming file and row."""
    performers = _read(select_dir / PERFORMERS_FILE, PERFORMER_INPUT)
    faces = _read(select_dir / FACES_FILE, FACE_INPUT)
    inputs = ReleaseInputs(
        performers=performers.to_pylist(),
        faces=faces.drop_columns(["facenet", "arcface"]).to_pylist(),
        facenet=_vectors(faces, "facenet", select_dir / FACES_FILE),
        arcface=_vectors(faces, "arcface", select_dir / FACES_FILE),
    )
    _check(inputs, select_dir)
    return inputs


def _read(path: Path, schema: pa.Schema) -> pa.Table:
    table = read_table(path)
    try:
        table = table.select(schema.names) if set(table.column_names) == set(schema.names) else None
        if table is None:
            raise DamagedFileError(f"{path}: columns differ from {schema.names}")
        return table.cast(schema)
    except (pa.ArrowException, ValueError) as error:
        raise DamagedFileError(f"{path}: {error}; run the step `select` again") from error


def _vectors(faces: pa.Table, column: str, path: Path) -> Vectors:
    """A binary(1024) float16 column as (n, 512) float32, scaled to unit length exactly."""
    values = faces.column(column).combine_chunks()
    if values.null_count:
        raise DamagedFileError(f"{path}: {column} has nulls; run the step `select` again")
    raw = b"".join(values.to_pylist())
    vectors = np.frombuffer(raw, dtype="<f2").reshape(-1, EMBEDDING_WIDTH).astype(np.float32)
    norms = np.linalg.norm(vectors, axis=1)
    bad = np.flatnonzero(~(np.abs(norms - 1) <= _NORM_TOLERANCE))  # NaN is bad, too
    if bad.size:
        raise DamagedFileError(
            f"{path}: {column} of row {int(bad[0])} has length {norms[bad[0]]:.3f}, not 1 "
            f"({bad.size} such rows); delete the face cache of this pack and embed again"
        )
    scaled: Vectors = vectors / norms[:, None]
    return scaled


def _check(inputs: ReleaseInputs, select_dir: Path) -> None:
    """Order, uniqueness and references between the two tables."""
    where = select_dir / PERFORMERS_FILE
    ids = [row["performer_id"] for row in inputs.performers]
    if any(left >= right for left, right in itertools.pairwise(ids)):
        raise DamagedFileError(f"{where}: performer_id is not strictly ascending")
    _refuse_twice(where, "universal_id", [r["universal_id"] for r in inputs.performers])
    claims = [(c["source"], c["source_id"]) for r in inputs.performers for c in r["claims"] or []]
    _refuse_twice(where, "stash-box id", claims)
    universal = {row["performer_id"]: row["universal_id"] for row in inputs.performers}
    where = select_dir / FACES_FILE
    _refuse_twice(where, "face", [(f["image_sha256"], f["face_no"]) for f in inputs.faces])
    for number, face in enumerate(inputs.faces):
        if universal.get(face["performer_id"]) is None:
            raise DamagedFileError(
                f"{where}: row {number}: performer {face['performer_id']} is not in "
                f"{PERFORMERS_FILE} or has no universal id, so nobody could be named by this face"
            )


def _refuse_twice(path: Path, what: str, values: list[Any]) -> None:
    seen: set[Any] = set()
    for value in values:
        if value is not None and value in seen:
            raise DamagedFileError(f"{path}: {what} {value!r} occurs twice; it must be unique")
        seen.add(value)
