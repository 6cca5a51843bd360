"""Parts of settled targets: what a resumed crawl need not ask again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from scrapy_project.storage.records import META, part_meta
from trainer.snapshots.store import CRAWL_COLUMNS
from trainer.staging.manifest import StageError
from trainer.staging.parquet import parts, read_table, stream_rows, write_table
from trainer.staging.rows import PerformerRecord
from trainer.staging.schemas import PERFORMERS

PART_TARGETS = 25
PREFIX = "performers-"


class ProfileParts:
    """Appends settled targets to parts that appear whole; a kill loses the one in hand."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._rows: list[PerformerRecord] = []
        self._settled: dict[str, str] = {}  # page id -> outcome
        self._refused: list[str] = []
        self._errors: list[StageError] = []
        self._next = len(parts(directory, PREFIX))
        self._newest: dict[str, str] = {}  # page id -> name of the last part that settled it

    def before(self) -> Iterator[tuple[dict[str, str], list[StageError]]]:
        """Of each part of an interrupted run: outcomes by page id, and errors."""
        for path in parts(self._directory, PREFIX):
            meta = part_meta(path)
            self._newest.update(dict.fromkeys(meta["settled"], path.name))
            yield meta["settled"], [StageError.model_validate(e) for e in meta["errors"]]

    def add(
        self, page_id: str, outcome: str, row: PerformerRecord | None, errors: list[StageError]
    ) -> None:
        """A settled target; without a row, the last snapshot's is kept."""
        self._settled[page_id] = outcome
        self._errors += errors
        if row is None:
            self._refused.append(page_id)
        else:
            self._rows.append(row)
        if len(self._settled) >= PART_TARGETS:
            self.flush()

    def flush(self) -> None:
        """Write the targets that are not in a part yet."""
        if not self._settled:
            return
        meta = {
            "settled": dict(sorted(self._settled.items())),
            "refused_ids": sorted(self._refused),
            "errors": [error.model_dump() for error in self._errors],
        }
        rows = sorted(self._rows, key=lambda row: str(row["source_id"]))
        table = pa.Table.from_pylist(rows, schema=PERFORMERS)
        path = self._directory / f"{PREFIX}t{self._next:06d}.parquet"
        write_table(path, table.replace_schema_metadata({META: json.dumps(meta).encode()}))
        self._newest.update(dict.fromkeys(self._settled, path.name))
        self._next += 1
        self._rows, self._settled, self._refused, self._errors = [], {}, [], []

    def stream(self, *more: str) -> Iterator[PerformerRecord]:
        """Each target's row as it was settled last, as far as pictures need it, and `more`."""
        for path in parts(self._directory, PREFIX):
            for row in stream_rows(path, [*CRAWL_COLUMNS, *more]):
                if self._newest.get(row["source_id"], path.name) == path.name:
                    yield row


class PreviousSnapshot:
    """The last good snapshot's rows by page id, kept as Arrow: small, and read row by row."""

    def __init__(self, path: Path | None) -> None:
        table = PERFORMERS.empty_table()
        if path is not None and path.exists():
            table = read_table(path)
        if "fetched_at" not in table.column_names:  # written before pages were remembered
            table = PERFORMERS.empty_table()
        self._table: pa.Table = table
        ids = self._table["source_id"].to_pylist()
        self._place = {page_id: index for index, page_id in enumerate(ids)}

    def __len__(self) -> int:
        return len(self._place)

    def get(self, page_id: str) -> PerformerRecord | None:
        """The row of a page, None where the snapshot has none."""
        index = self._place.get(page_id)
        if index is None:
            return None
        row: PerformerRecord = self._table.slice(index, 1).to_pylist()[0]
        return row
