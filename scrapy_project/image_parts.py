"""Parts of picture rows, and what the first bytes of a picture say."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from trainer.staging.parquet import parts, read_parts, write_rows
from trainer.staging.picture_types import READ, UNSUPPORTED, picture_type
from trainer.staging.schemas import IMAGES

FLUSH_SECONDS = 5.0
Row = dict[str, Any]


def image_type(content: bytes) -> str | None:
    """The MIME type of a picture that can be decoded, by its first bytes, else None."""
    kind = picture_type(content)
    return kind if kind in READ else None


def unsupported_type(content: bytes) -> str | None:
    """The reason why a picture of a known kind that nothing here decodes is refused, else None."""
    kind = picture_type(content) or ""
    return f"{UNSUPPORTED[kind]}: {kind} is not decoded" if kind in UNSUPPORTED else None


class ImageParts:
    """Appends IMAGES rows to parts that appear whole; a kill loses at most the one in hand."""

    def __init__(self, directory: Path, part_rows: int) -> None:
        self._directory = directory
        self._part_rows = part_rows
        self._rows: list[Row] = []
        self._since = 0.0
        self._next = _next_number(parts(directory, "images-"))

    def append(self, row: Row) -> None:
        self._since = self._since if self._rows else time.monotonic()
        self._rows.append(row)
        if len(self._rows) >= self._part_rows:
            self.flush()

    def flush_if_old(self) -> None:
        if self._rows and time.monotonic() - self._since >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        if self._rows:
            rows = sorted(self._rows, key=lambda row: str(row["url"]))
            write_rows(self._directory / f"images-{self._next:06d}.parquet", rows, IMAGES)
            self._rows = []
            self._next += 1


def _next_number(existing: list[Path]) -> int:
    numbers = [int(path.stem.removeprefix("images-")) for path in existing]
    return max(numbers, default=-1) + 1


def settled_rows(directory: Path) -> dict[str, Row]:
    """Rows by URL that this run settled before it was interrupted; failures are tried again."""
    rows = read_parts(parts(directory, "images-"), IMAGES).to_pylist()
    return {row["url"]: row for row in rows if row["status"] != "failed"}
