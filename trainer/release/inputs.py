"""What a release is built from: `resolve/performers.parquet` and `select/faces.parquet`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from trainer.errors import DamagedFileError
from trainer.reasons import reason
from trainer.release.vector_file import VectorFile, Vectors
from trainer.staging.parquet import read_schema, read_table, stream_batches
from trainer.staging.performer_facts import FACTS
from trainer.staging.schemas import EMBEDDING_BYTES, EMBEDDING_WIDTH, list_of_texts, required

PERFORMERS_FILE = "performers.parquet"
FACES_FILE = "faces.parquet"
_NORM_TOLERANCE = 0.01  # float16 rounding of 512 numbers moves a norm by far less

# One row per performer, strictly ascending by performer_id (the permanent id).
PERFORMER_INPUT = pa.schema(
    [
        required("performer_id", pa.int64()),
        required("canonical_name", pa.string()),
        *(fact.field for fact in FACTS),
        ("stashdb_updated_at", pa.string()),
        ("image_url", pa.string()),
        required("created_at", pa.string()),
        required("updated_at", pa.string()),
        # `domain:id`; null only for a performer without any face.
        ("universal_id", pa.string()),
        # Every stash-box id of the performer; `source` is the short name, e.g. stashdb.
        ("claims", list_of_texts("source", "source_id", "created_at")),
        # Pages of reference sites that are held to describe the performer: no stash-box ids.
        ("references", list_of_texts("source", "source_id", "page_url")),
        ("aliases", list_of_texts("alias", "source")),
        ("urls", list_of_texts("site", "url", "normalized_id", "source")),
        # Stash-box ids that were merged into this performer.
        ("merged", list_of_texts("source", "source_id", "merged_at")),
        ("tattoos", list_of_texts("location", "description", "source")),
        ("piercings", list_of_texts("location", "description", "source")),
    ]
)

# One row per selected face. Row number = face index in both Voyager files and in faces.json.
FACE_INPUT = pa.schema(
    [
        required("performer_id", pa.int64()),
        required("image_sha256", pa.string()),
        required("face_no", pa.int16()),
        ("image_url", pa.string()),
        ("page_url", pa.string()),
        required("source", pa.string()),  # short name
        ("quality_score", pa.float64()),
        ("yaw", pa.float64()),  # degrees
        required("created_at", pa.string()),
        ("run_id", pa.string()),  # the run that fetched the picture
        required("rule", pa.string()),  # the rule that accepted the face
        required("facenet", pa.binary(EMBEDDING_BYTES)),  # float16, unit length
        required("arcface", pa.binary(EMBEDDING_BYTES)),
    ]
)

VECTOR_COLUMNS = ("facenet", "arcface")
_PLAIN = [name for name in FACE_INPUT.names if name not in VECTOR_COLUMNS]


@dataclass(frozen=True)
class ReleaseInputs:
    """`performers` and `faces` are frames as above, the faces without vectors.

    The vectors of a large release take gigabytes: `vectors` puts one model's into a file, and
    refuses what are no unit vectors.
    """

    performers: pl.DataFrame
    faces: pl.DataFrame
    path: Path  # of faces.parquet
    order: npt.NDArray[np.int64] | None = None  # rows of the file, where `faces` are in another

    def reordered(self, order: npt.NDArray[np.int64]) -> ReleaseInputs:
        """The same release with face i where `order[i]` was."""
        return replace(self, faces=self.faces[order.tolist()], order=order)

    def vectors(self, column: str, directory: Path) -> VectorFile:
        """`facenet` or `arcface` of face i in row i, unit length, in a file of `directory`.

        Raises `DamagedFileError` naming the first row that is no unit vector.
        """
        found = VectorFile(len(self.faces), directory)
        order = self.order if self.order is not None else np.arange(len(found))
        places = np.argsort(order)
        row = 0
        for batch in stream_batches(self.path, [column], _BLOCK):
            halves = np.frombuffer(_bytes_of(batch.column(0)), "<f2").reshape(-1, EMBEDDING_WIDTH)
            following = row + len(halves)
            found.put(places[row:following], self._units(halves, column, row))
            row = following
        return found

    def _units(self, halves: npt.NDArray[np.float16], column: str, row: int) -> Vectors:
        """Unit vectors of the file's rows from `row` on."""
        vectors = halves.astype(np.float32)
        norms = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
        bad = np.flatnonzero(~(np.abs(norms - 1) <= _NORM_TOLERANCE))  # NaN is bad, too
        if bad.size:
            raise DamagedFileError(
                f"{self.path}: {column} of row {row + int(bad[0])} has length "
                f"{norms[bad[0]]:.3f}, not 1; delete the face cache of this pack and embed again"
            )
        vectors /= norms[:, None]
        return vectors


_BLOCK = 4_096


def _bytes_of(chunk: pa.Array) -> pa.Buffer:
    """The bytes of a fixed-size binary array without nulls, as they lie."""
    width = chunk.type.byte_width
    return chunk.buffers()[1].slice(chunk.offset * width, len(chunk) * width)


def read_inputs(
    resolve_dir: Path, select_dir: Path, only_with_faces: bool = False
) -> ReleaseInputs:
    """Read and validate both tables, but for the vectors, which are when they are read; raises
    `DamagedFileError` naming file and row. `only_with_faces` leaves out performers without any."""
    people_file, faces_file = resolve_dir / PERFORMERS_FILE, select_dir / FACES_FILE
    people = _frame(_read(people_file, PERFORMER_INPUT, "resolve"))
    faces = _frame(_read(faces_file, FACE_INPUT, "select", _PLAIN))
    _check_performers(people, people_file)
    _check_faces(faces, people, faces_file)
    if only_with_faces:
        people = people.join(faces, on="performer_id", how="semi", maintain_order="left")
    return ReleaseInputs(people, faces, faces_file)


def _frame(table: pa.Table) -> pl.DataFrame:
    return pl.DataFrame(pl.from_arrow(table))


def _read(path: Path, schema: pa.Schema, step: str, columns: list[str] | None = None) -> pa.Table:
    """`columns` of a table of `schema`, cast to it; other columns than its own are refused, and
    `step`, which wrote the file, is named."""
    wanted = columns or schema.names
    found = read_schema(path)
    if set(found.names) != set(schema.names):
        raise DamagedFileError(
            f"{path}: columns differ from {schema.names}; run the step `{step}` again"
        )
    try:
        table = read_table(path, wanted).select(wanted)
        return table.cast(pa.schema([schema.field(name) for name in wanted]))
    except (pa.ArrowException, ValueError) as error:
        raise DamagedFileError(f"{path}: {reason(error)}; run the step `{step}` again") from error


def _check_performers(people: pl.DataFrame, path: Path) -> None:
    """Order and uniqueness."""
    if people["performer_id"].diff().drop_nulls().le(0).any():
        raise DamagedFileError(
            f"{path}: performer_id is not strictly ascending; run the step `resolve` again"
        )
    _refuse_twice(path, "universal_id", people.select("universal_id").drop_nulls())
    claims = people.select("claims").explode("claims").drop_nulls().unnest("claims")
    _refuse_twice(path, "stash-box id", claims.select("source", "source_id"))


def _check_faces(faces: pl.DataFrame, people: pl.DataFrame, path: Path) -> None:
    """No face twice, and everyone who has one can be named."""
    _refuse_twice(path, "face", faces.select("image_sha256", "face_no"))
    nameable = people.filter(pl.col("universal_id").is_not_null()).select("performer_id")
    numbered = faces.select("performer_id").with_row_index("row")
    for row, owner in numbered.join(nameable, on="performer_id", how="anti").sort("row").rows():
        raise DamagedFileError(
            f"{path}: row {row}: performer {owner} is not in {PERFORMERS_FILE} or has no "
            "universal id, so nobody could be named by this face; run the step `select` again"
        )


def _refuse_twice(path: Path, what: str, values: pl.DataFrame) -> None:
    twice = values.filter(values.is_duplicated())
    if len(twice):
        raise DamagedFileError(
            f"{path}: {what} {twice.row(0)!r} occurs twice; run the step `resolve` again"
        )
