"""Parquet with page checksums, written whole, read with verification."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trainer.errors import DamagedFileError
from trainer.reasons import reason
from trainer.staging.atomic import TEMPORARY, whole_file
from trainer.staging.parquet_footer import check_footer, seal_footer

GROUP = 16_384  # rows
_VECTOR = 256  # bytes of a fixed-size value; wider ones are vectors


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table with page checksums; the file appears whole or not at all."""
    write_tables(path, table.schema, [table])


def write_tables(path: Path, schema: pa.Schema, tables: Iterable[pa.Table]) -> None:
    """Write `tables` of one schema one below the other, as `write_table` does; only one of them
    has to be in memory. `GROUP` rows of each lie together."""
    with whole_file(path) as temporary:
        with pq.ParquetWriter(
            temporary, schema, write_page_checksum=True, **_stored(schema)
        ) as writer:
            for table in tables:
                writer.write_table(table, row_group_size=GROUP)
        seal_footer(temporary)


def _stored(schema: pa.Schema) -> dict[str, Any]:
    """Return how columns are stored: vectors uncompressed, as they hardly get smaller and are read
    several times as fast; all others with zstd."""
    vectors = [f.name for f in schema if _width(f.type) >= _VECTOR]
    if not vectors:
        return {"compression": "zstd"}
    others = [name for name in schema.names if name not in vectors]
    return {"compression": dict.fromkeys(others, "zstd"), "use_dictionary": others}


def _width(kind: pa.DataType) -> int:
    return int(kind.byte_width) if pa.types.is_fixed_size_binary(kind) else 0


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> None:
    """Write `rows`; a row that does not fit `schema` raises before any file appears."""
    write_table(path, pa.Table.from_pylist(list(rows), schema=schema))


def read_table(path: Path, columns: list[str] | None = None) -> pa.Table:
    """Return all rows of a file, or `columns` of them, with page checksums verified; raises
    `DamagedFileError` naming the file."""
    try:
        check_footer(path)
        return pq.read_table(path, columns=columns, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise DamagedFileError(
            f"{path}: {reason(error)}; delete this part and run again"
        ) from error


def read_schema(path: Path) -> pa.Schema:
    """Return a file's schema; raises `DamagedFileError` naming the file."""
    try:
        check_footer(path)
        return pq.read_schema(path)
    except (OSError, pa.ArrowException) as error:
        raise DamagedFileError(
            f"{path}: {reason(error)}; delete this part and run again"
        ) from error


def stream_rows(path: Path, columns: Sequence[str], batch: int = 4096) -> Iterator[Any]:
    """Yield the rows of a file as dictionaries (`rows`), `batch` of them in memory at a time.

    Page checksums are verified; raises `DamagedFileError` naming the file.
    """
    for found in stream_batches(path, columns, batch):
        yield from found.to_pylist()


def stream_batches(
    path: Path, columns: Sequence[str], batch: int = 4096
) -> Iterator[pa.RecordBatch]:
    """Yield `columns` of a file, `batch` rows in memory at a time, as `stream_rows` does."""
    try:
        check_footer(path)
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            yield from file.iter_batches(batch, columns=list(columns))
    except (OSError, pa.ArrowException) as error:
        raise DamagedFileError(
            f"{path}: {reason(error)}; delete this part and run again"
        ) from error


def find_rows(path: Path, column: str, values: Sequence[Any]) -> list[dict[str, Any]]:
    """The rows of a file whose `column` is one of `values`; other row groups are not read whole."""
    try:
        check_footer(path)
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            wanted = pa.array(values, file.schema_arrow.field(column).type)
            found: list[dict[str, Any]] = []
            for group in range(file.num_row_groups):
                hits = pc.is_in(file.read_row_group(group, [column])[column], value_set=wanted)
                if pc.any(hits).as_py():
                    found += file.read_row_group(group).filter(hits).to_pylist()
            return found
    except (OSError, KeyError, pa.ArrowException) as error:
        raise DamagedFileError(
            f"{path}: {reason(error)}; delete this part and run again"
        ) from error


def parts(directory: Path, prefix: str) -> list[Path]:
    """Return the finished parts `prefix*.parquet` of a directory, in name order."""
    return sorted(p for p in directory.glob(f"{prefix}*.parquet") if TEMPORARY not in p.name)


def read_parts(
    paths: Iterable[Path], schema: pa.Schema, columns: list[str] | None = None
) -> pa.Table:
    """Return all rows of `paths` in order; an empty table of `schema` where there are none.

    A nullable column that a part of an older trainer lacks is filled with nulls. Raises
    `DamagedFileError` naming the part.
    """
    if columns is not None:
        schema = pa.schema([schema.field(name) for name in columns])
    tables = [_read_as(path, schema) for path in paths]
    return pa.concat_tables(tables) if tables else schema.empty_table()


def _read_as(path: Path, schema: pa.Schema) -> pa.Table:
    try:
        check_footer(path)
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            names = set(file.schema_arrow.names)
            table = file.read([n for n in schema.names if n in names])
    except (OSError, pa.ArrowException) as error:
        raise DamagedFileError(
            f"{path}: {reason(error)}; delete this part and run again"
        ) from error
    for field in schema:
        if field.name not in names and field.nullable:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    if missing := set(schema.names) - set(table.column_names):
        raise DamagedFileError(f"{path} lacks {sorted(missing)}; delete this part and run again")
    return table.select(schema.names).cast(schema)
