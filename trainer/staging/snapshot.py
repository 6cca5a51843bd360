"""Snapshots: all that is known of a source after a run, folded from the last one and staging."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from trainer.staging.atomic import whole_file
from trainer.staging.clock import parse_iso
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import parts, read_parts, read_table, stream_rows, write_rows
from trainer.staging.paths import DataDir
from trainer.staging.schemas import IMAGES, PERFORMERS
from trainer.state.store import read_snapshots

if TYPE_CHECKING:
    from trainer.pipeline.context import RunContext

PERFORMERS_FILE = "performers.parquet"
IMAGES_FILE = "images.parquet"
# What a crawl needs of every performer that it holds in memory.
CRAWL_COLUMNS = ("source_id", "deleted", "merged_ids", "images")
Row = dict[str, Any]


def last_snapshot(data: DataDir, source: str) -> Path | None:
    """The directory of the last published snapshot of `source`, if it is still there."""
    row = read_snapshots(data.state_db).get(source)
    if row is None:
        return None
    directory = data.run(row.run_id).snapshot(source)
    return directory if (directory / PERFORMERS_FILE).exists() else None


def stream_performers(data: DataDir, source: str) -> Iterator[Row]:
    """`CRAWL_COLUMNS` of the last snapshot's performers, tombstones included, a few at a time."""
    directory = last_snapshot(data, source)
    if directory is not None:
        yield from stream_rows(directory / PERFORMERS_FILE, list(CRAWL_COLUMNS))


def fold_snapshot(context: RunContext, source: str) -> Path | None:
    """Write performers.parquet and images.parquet of `source` into the run's snapshot.

    performers: one row an id, the newest wins, sorted by id; who is absent after a full sweep, or
    was merged into another, stays as a row with deleted=true. images: one row a URL that a live
    performer advertises, sorted by URL. A crawl that is not complete keeps the last snapshot as
    it is; None where there is none.
    """
    staging, target = context.run.staging(source), context.run.snapshot(source)
    base = last_snapshot(context.data, source)
    manifest = StageManifest.read(staging)
    if manifest is None or manifest.status != "complete":
        return _keep(base, target)
    manifest.verify_files(staging)
    performers = fold_performers(
        _rows(base, PERFORMERS_FILE),
        read_parts(parts(staging, "performers-"), PERFORMERS).to_pylist(),
        full_sweep=manifest.full_sweep,
        unreadable=_unreadable(staging),
    )
    images = fold_images(
        _rows(base, IMAGES_FILE),
        read_parts(parts(staging, "images-"), IMAGES).to_pylist(),
        performers,
    )
    write_rows(target / IMAGES_FILE, images, IMAGES)
    write_rows(target / PERFORMERS_FILE, performers, PERFORMERS)
    return target


def fold_performers(
    before: Iterable[Row], now: Iterable[Row], *, full_sweep: bool, unreadable: set[str]
) -> list[Row]:
    """`unreadable`: ids that were listed with a record that could not be read."""
    fresh: dict[str, Row] = {}
    for row in now:
        other = fresh.get(row["source_id"])
        if other is None or moment_of(row) >= moment_of(other):
            fresh[row["source_id"]] = row
    folded = {row["source_id"]: dict(row) for row in before}
    if full_sweep:
        for number in folded.keys() - fresh.keys() - unreadable:
            folded[number]["deleted"] = True
    folded.update({number: dict(row) for number, row in fresh.items()})
    _bury_merged(folded, fresh)
    return [folded[number] for number in sorted(folded)]


def moment_of(row: Row) -> datetime:
    """When the source changed the record; the beginning of time where it does not say."""
    return parse_iso(row["updated_at"] or "1970-01-01T00:00:00Z")


def _bury_merged(folded: dict[str, Row], fresh: dict[str, Row]) -> None:
    """A performer that another one names in its merged_ids is gone, unless it was just listed."""
    for number in sorted(folded):
        target = folded[number]
        for merged in () if target["deleted"] else sorted(target["merged_ids"] or ()):
            if merged in folded and merged != number and merged not in fresh:
                folded[merged]["deleted"] = True
                folded[merged]["merged_into_id"] = number


def fold_images(before: Iterable[Row], now: Iterable[Row], performers: Iterable[Row]) -> list[Row]:
    """A failure never replaces a picture that was fetched before; `known` reads `fetched`."""
    advertised = {
        picture["url"]
        for row in performers
        if not row["deleted"]
        for picture in row["images"] or ()
    }
    folded: dict[str, Row] = {}
    for row in [*before, *now]:
        if row["url"] not in advertised:
            continue
        if row["status"] == "failed" and folded.get(row["url"], {}).get("sha256"):
            continue
        status = "fetched" if row["status"] == "known" else row["status"]
        folded[row["url"]] = {**row, "status": status}
    return [folded[url] for url in sorted(folded)]


def _rows(directory: Path | None, name: str, columns: list[str] | None = None) -> list[Row]:
    path = directory / name if directory else None
    if path is None or not path.exists():
        return []
    found: list[Row] = read_table(path, columns).to_pylist()
    return found


def _unreadable(staging: Path) -> set[str]:
    """Ids of unreadable records, which the crawl notes in its parts' metadata."""
    found: set[str] = set()
    for path in parts(staging, "performers-"):
        metadata = pq.read_schema(path).metadata or {}
        found.update(json.loads(metadata.get(b"crawl", b"{}")).get("refused_ids", ()))
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
            try:
                os.link(base / name, temporary)
            except OSError:
                shutil.copyfile(base / name, temporary)
    return target
