"""Parquet files without the rows, and the parts of rows, that a purge takes out."""

from __future__ import annotations

import json
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from trainer.exclusions.error_redaction import Named, forget_in
from trainer.snapshots.store import CRAWL_NOTES
from trainer.staging.atomic import sha256_file, whole_file
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import read_schema, read_table, write_table

_KEYS = ("source_id", "page_id", "sha256", "image_sha256", "url", "performer_id")
_RECORDS = ("claims", "references", "merged")  # of a performer: lists of (source, source_id)
_ASKED, _OTHER = "candidates", "other_performer_id"  # a part of a row that is somebody else's


@dataclass(frozen=True)
class Redaction:
    """What has to go: records as `source:source_id`, pictures by hash and by URL, performers; and
    by which names (`error_redaction.names_of`) errors speak of them."""

    claims: frozenset[str]
    images: frozenset[str]
    urls: frozenset[str]
    performers: frozenset[int]
    names: frozenset[str] = frozenset()


def redact(path: Path, out: Redaction) -> int:
    """Rewrite a file without what has to go; how many rows that changes."""
    schema = read_schema(path)
    keys = [n for n in ("source", *_KEYS, *_RECORDS, _ASKED, _OTHER) if n in schema.names]
    table = read_table(path, keys)
    gone = rows_out(table, path.stem, out)
    named = _named(table, out)
    notes, errors = _without_errors(schema.metadata or {}, out)
    count = int(pc.sum(pc.or_(gone, named)).as_py() or 0) + errors
    if not count:
        return 0
    manifest = StageManifest.read(path.parent)
    if manifest is None and path.parent.parent.name == "staging":
        path.unlink()  # of an interrupted crawl: this page is asked for again
        return count
    kept = _without_parts(read_table(path).filter(pc.invert(gone)), out)
    _replace(path, kept.replace_schema_metadata(notes), manifest)
    return count


def _without_errors(notes: dict[bytes, bytes], out: Redaction) -> tuple[dict[bytes, bytes], int]:
    """What a crawl noted about a part, without the errors that name somebody who has to go."""
    noted = json.loads(notes.get(CRAWL_NOTES, b"{}"))
    count = forget_in(noted.get("errors", []), Named.of(out))
    return (notes | {CRAWL_NOTES: json.dumps(noted).encode()} if count else notes), count


def _replace(path: Path, table: pa.Table, manifest: StageManifest | None) -> None:
    """The manifest has the new digest before the file is there: after a kill in between, the old
    file's rows are found again, and both are written again."""
    with whole_file(path) as temporary:
        write_table(temporary, table)
        if manifest is not None and path.name in manifest.files:
            files = manifest.files | {path.name: sha256_file(temporary)}
            manifest.model_copy(update={"files": files}).write(path.parent)


def rows_out(table: pa.Table, stem: str, out: Redaction) -> pa.Array:
    """Which rows are of somebody, or of a picture, that has to go."""
    gone = _none(table)
    columns = set(table.column_names)

    def mark(values: pa.ChunkedArray, wanted: frozenset[str] | frozenset[int]) -> None:
        nonlocal gone
        gone = pc.or_(gone, _among(values, wanted))

    if {"source", "source_id"} <= columns:
        ids = pc.binary_join_element_wise(table["source"], table["source_id"], ":")
        mark(ids, out.claims)
    if "page_id" in columns:  # the pages that a reference site, the file's name, is asked for
        source = pa.scalar(stem)
        mark(pc.binary_join_element_wise(source, table["page_id"], ":"), out.claims)
    for name, wanted in (("sha256", out.images), ("image_sha256", out.images)):
        if name in columns:
            mark(table[name], wanted)
    if "url" in columns:
        mark(table["url"], out.urls)
    if "performer_id" in columns:
        mark(table["performer_id"], out.performers)
    for name in columns.intersection(_RECORDS):
        gone = pc.or_(gone, _listed(table[name], out.claims))
    if _ASKED in columns:
        gone = pc.or_(gone, _all_listed(table[_ASKED], out.claims))
    return gone


def _none(table: pa.Table) -> pa.Array:
    return pa.array([False] * table.num_rows, pa.bool_())


def _among(values: pa.ChunkedArray, wanted: AbstractSet[str] | AbstractSet[int]) -> pa.Array:
    value_set = pa.array(sorted(wanted), values.type)
    return pc.is_in(values, value_set=value_set).combine_chunks()


def _hits(lists: pa.ChunkedArray, claims: frozenset[str]) -> tuple[pa.Array, pa.Array]:
    """Of each (source, source_id) in a column of lists: the row, and whether it has to go."""
    column = lists.combine_chunks()
    flat = pc.list_flatten(column)
    source, number = (pc.struct_field(flat, name) for name in ("source", "source_id"))
    ids = pa.chunked_array([pc.binary_join_element_wise(source, number, ":")])
    return pc.list_parent_indices(column), _among(ids, claims)


def _listed(lists: pa.ChunkedArray, claims: frozenset[str]) -> pa.Array:
    """The rows with one of `claims` in their list."""
    rows, out = _hits(lists, claims)
    return pc.is_in(
        pa.array(range(len(lists)), pa.int64()), value_set=rows.filter(out).cast(pa.int64())
    )


def _all_listed(lists: pa.ChunkedArray, claims: frozenset[str]) -> pa.Array:
    """The rows whose list has nobody else."""
    rows, out = _hits(lists, claims)
    others = pc.is_in(
        pa.array(range(len(lists)), pa.int64()),
        value_set=rows.filter(pc.invert(out)).cast(pa.int64()),
    )
    return pc.and_(_listed(lists, claims), pc.invert(others))


def _named(table: pa.Table, out: Redaction) -> pa.Array:
    """Rows of others that name somebody who has to go."""
    found = _none(table)
    if _ASKED in table.column_names:
        found = pc.or_(found, _listed(table[_ASKED], out.claims))
    if _OTHER in table.column_names:
        found = pc.or_(found, _among(table[_OTHER], out.performers))
    return found


def _without_parts(table: pa.Table, out: Redaction) -> pa.Table:
    if _ASKED in table.column_names:
        rows = [
            [c for c in row or () if f"{c['source']}:{c['source_id']}" not in out.claims]
            for row in table[_ASKED].to_pylist()
        ]
        table = _with(table, _ASKED, pa.array(rows, table.schema.field(_ASKED).type))
    if _OTHER in table.column_names:
        column = table[_OTHER]
        nobody = pa.scalar(None, column.type)
        taken = pc.is_in(column, value_set=pa.array(sorted(out.performers), column.type))
        table = _with(table, _OTHER, pc.if_else(taken, nobody, column))
    return table


def _with(table: pa.Table, name: str, column: pa.Array | pa.ChunkedArray) -> pa.Table:
    place = table.schema.get_field_index(name)
    return table.set_column(place, table.schema.field(name), column)
