"""Snapshots: all that is known of a source after a run, folded from the last one and staging."""

from __future__ import annotations

import json
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from trainer.runs.context import RunContext
from trainer.snapshots.fold import add_performers, fold_images, fold_performers
from trainer.snapshots.image_ledger import ImageLedger
from trainer.staging.atomic import link_or_copy, whole_file
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import (
    parts,
    read_parts,
    read_schema,
    read_table,
    stream_rows,
    write_table,
)
from trainer.staging.paths import DataDir
from trainer.staging.rows import ImageRow, PerformerRecord
from trainer.staging.schemas import IMAGES, PERFORMERS
from trainer.state.store import read_snapshots

PERFORMERS_FILE = "performers.parquet"
IMAGES_FILE = "images.parquet"
# What a crawl needs of every performer that it holds in memory.
CRAWL_COLUMNS = ("source_id", "deleted", "merged_ids", "images", "scene_count")
CRAWL_NOTES = b"crawl"  # of a part: what the crawl noted about it, beside its rows


def last_snapshot(data: DataDir, source: str) -> Path | None:
    """The directory of the last published snapshot of `source`, if it is still there."""
    row = read_snapshots(data.state_db).get(source)
    if row is None:
        return None
    directory = data.run(row.run_id).snapshot(source)
    return directory if (directory / PERFORMERS_FILE).exists() else None


def stream_performers(data: DataDir, source: str) -> Iterator[PerformerRecord]:
    """`CRAWL_COLUMNS` of the last snapshot's performers, tombstones included, a few at a time."""
    directory = last_snapshot(data, source)
    if directory is not None:
        yield from stream_rows(directory / PERFORMERS_FILE, CRAWL_COLUMNS)


def fold_snapshot(context: RunContext, source: str, *, excluded: AbstractSet[str]) -> Path | None:
    """Write performers.parquet and images.parquet of `source` into the run's snapshot.

    `excluded`: records on the exclusion list, as `source:source_id`. A partial crawl adds whom it
    read first to the last snapshot, and changes nobody in it. One that failed keeps the last
    snapshot as it is; None where there is none.
    """
    staging, target = context.run.staging(source), context.run.snapshot(source)
    base = last_snapshot(context.data, source)
    manifest = StageManifest.read(staging)
    if manifest is None or manifest.status not in ("complete", "partial"):
        return _keep(base, target)
    manifest.verify_files(staging)
    before = _table(base, PERFORMERS_FILE, PERFORMERS)
    now = read_parts(parts(staging, "performers-"), PERFORMERS)
    if manifest.status == "partial":
        performers = add_performers(before, now)
        if not performers.num_rows:
            return None
    else:
        performers = fold_performers(
            before, now, full_sweep=manifest.full_sweep, unreadable=_unreadable(staging)
        )
    performers = _without_excluded(performers, excluded)
    before = _table(base, IMAGES_FILE, IMAGES)
    now = read_parts(parts(staging, "images-"), IMAGES)
    if not context.plan.params.enable_faces:
        now = pa.concat_tables([now, _known(context, source, performers, before)])
    images = fold_images(before, now, performers)
    write_table(target / IMAGES_FILE, images)
    write_table(target / PERFORMERS_FILE, performers)
    return target


def _known(context: RunContext, source: str, performers: pa.Table, before: pa.Table) -> pa.Table:
    """Rows of the pictures that a crawl with pictures would have found known: one that fetches none
    does not lose the faces of those which the last snapshot does not have."""
    live = performers.filter(pc.invert(performers["deleted"]))
    advertised = pc.struct_field(pc.list_flatten(live["images"]), "url")
    had = set(before["url"].to_pylist())
    ledger = ImageLedger(context.data, context.run.run_id)
    try:
        found = [ledger.known(url) for url in pc.unique(advertised).to_pylist() if url not in had]
    finally:
        ledger.close()
    rows: list[ImageRow] = [
        {**row, "source": source, "status": "refused" if row["status"] == "refused" else "known"}
        for row in found
        if row is not None
    ]
    return pa.Table.from_pylist(rows, schema=IMAGES)


def _without_excluded(performers: pa.Table, claims: AbstractSet[str]) -> pa.Table:
    """What earlier crawls brought of people who are on the exclusion list now goes."""
    if not claims or not performers.num_rows:
        return performers
    ids = pc.binary_join_element_wise(performers["source"], performers["source_id"], ":")
    return performers.filter(
        pc.invert(pc.is_in(ids, value_set=pa.array(sorted(claims), pa.string())))
    ).combine_chunks()


def _table(directory: Path | None, name: str, schema: pa.Schema) -> pa.Table:
    """All rows of a snapshot's file; columns that it is too old to have are null."""
    path = directory / name if directory else None
    if path is None or not path.exists():
        return schema.empty_table()
    table = read_table(path)
    for field in schema:
        if field.name not in table.column_names:
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table.select(schema.names).cast(schema)


def _unreadable(staging: Path) -> set[str]:
    """Ids of unreadable records, which the crawl notes in its parts' metadata."""
    found: set[str] = set()
    for path in parts(staging, "performers-"):
        metadata = read_schema(path).metadata or {}
        found.update(json.loads(metadata.get(CRAWL_NOTES, b"{}")).get("refused_ids", ()))
    return found


def _keep(base: Path | None, target: Path) -> Path | None:
    """Hard links to the last snapshot, or copies where the disk has none."""
    if base is None or base == target:
        return base
    for name in (IMAGES_FILE, PERFORMERS_FILE):
        if not (base / name).exists():
            continue
        with whole_file(target / name) as temporary:
            temporary.unlink()
            link_or_copy(base / name, temporary)
    return target
