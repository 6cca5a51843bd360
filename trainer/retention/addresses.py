"""Addresses of images that nobody lists any more, and of which nothing is left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from trainer.faces.cache import cached_images
from trainer.retention.references import image_files, listed_images
from trainer.snapshots.image_ledger import EXCLUDED
from trainer.snapshots.store import IMAGES_FILE, PERFORMERS_FILE
from trainer.staging.parquet import read_table
from trainer.staging.paths import DataDir
from trainer.state.ledger import fetched_before, forget


def forget_addresses(data: DataDir, limit: datetime) -> int:
    """Delete from the ledger what was fetched before `limit`, is listed by no source and has left
    neither an image nor faces; return how many addresses that were.

    Such a row changes nothing any more: should the address come back, it is fetched anew with or
    without it. What the exclusion list refused stays.
    """
    old = fetched_before(data, limit, kept_reason=EXCLUDED)
    if not old:
        return 0
    urls = pa.array(old, pa.string())
    gone = urls.filter(pc.invert(pc.is_in(urls, value_set=_listed_urls(data)))).to_pylist()
    if gone:
        used = listed_images(data).union(*map(cached_images, (data.root / "faces").glob("*/")))
        gone = [url for url in gone if not _is_left(data, old[url], used)]
    if gone:
        forget(data, gone)
    return len(gone)


def _is_left(data: DataDir, sha256: str | None, used: set[str]) -> bool:
    return sha256 is not None and (sha256 in used or data.image(sha256).exists())


def _listed_urls(data: DataDir) -> pa.Array:
    """Each address that a current snapshot or a run that may go on has."""
    found = [pc.unique(column) for path in image_files(data) for column in _urls(path)]
    return pc.unique(pa.chunked_array(found, pa.string())).drop_null()


def _urls(path: Path) -> Iterator[pa.ChunkedArray]:
    if path.exists():
        yield read_table(path, ["url"]).column("url")
    performers = path.with_name(PERFORMERS_FILE)
    if path.name == IMAGES_FILE and performers.exists():
        rows = read_table(performers, ["deleted", "images"])
        live = rows.filter(pc.invert(rows.column("deleted")))
        yield pc.struct_field(pc.list_flatten(live.column("images")), "url")
