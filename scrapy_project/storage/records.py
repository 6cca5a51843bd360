"""Performer parts: one Parquet file per page, so that a resumed crawl skips the pages it has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from scrapy_project.kinds.responses import ListPage
from trainer.snapshots.store import CRAWL_COLUMNS, CRAWL_NOTES
from trainer.staging.manifest import StageError
from trainer.staging.parquet import read_schema, read_table, write_table
from trainer.staging.rows import PerformerRecord
from trainer.staging.schemas import PERFORMERS

META = CRAWL_NOTES


class PerformerParts:
    """`performers-<name>.parquet` of one staging directory."""

    def __init__(self, directory: Path, page_size: int) -> None:
        self._directory = directory
        self._page_size = page_size

    def read(self, name: str) -> ListPage | None:
        """The page of a part written before with the same page size, else None."""
        path = self._path(name)
        if not path.exists():
            return None
        meta = part_meta(path)
        if meta.get("page_size") != self._page_size:
            path.unlink()
            return None
        return ListPage(
            count=meta["count"],
            listed=meta["listed"],
            rows=read_table(path).to_pylist(),
            refused_ids=meta["refused_ids"],
            errors=[StageError.model_validate(error) for error in meta["errors"]],
            excluded=meta.get("excluded", []),
            excluded_links=meta.get("excluded_links", {}),
        )

    def stream(self, name: str) -> list[PerformerRecord]:
        """Return the rows of a part as far as pictures need them (`CRAWL_COLUMNS`)."""
        rows: list[PerformerRecord] = read_table(self._path(name), list(CRAWL_COLUMNS)).to_pylist()
        return rows

    def write(self, name: str, page: ListPage) -> None:
        """Write a page as the part `name`; it appears whole."""
        meta = {
            "page_size": self._page_size,
            "count": page.count,
            "listed": page.listed,
            "refused_ids": page.refused_ids,
            "errors": [error.model_dump() for error in page.errors],
            "excluded": page.excluded,
            "excluded_links": page.excluded_links,
        }
        table = pa.Table.from_pylist(page.rows, schema=PERFORMERS)
        write_table(
            self._path(name), table.replace_schema_metadata({META: json.dumps(meta).encode()})
        )

    def _path(self, name: str) -> Path:
        return self._directory / f"performers-{name}.parquet"


def part_meta(path: Path) -> dict[str, Any]:
    """What the crawl noted about a part; empty for a part of another writer."""
    metadata = read_schema(path).metadata or {}
    return dict(json.loads(metadata.get(META, b"{}")))
