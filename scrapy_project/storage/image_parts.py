"""Parts of picture rows, and what the first bytes of a picture say."""

from __future__ import annotations

import re
import time
from pathlib import Path

from trainer.snapshots.image_ledger import NOT_AN_IMAGE, is_burnt
from trainer.staging.image_types import READ, UNSUPPORTED, mime_type
from trainer.staging.parquet import parts, read_parts, write_rows
from trainer.staging.rows import ImageRow
from trainer.staging.schemas import IMAGES

FLUSH_SECONDS = 5.0


def image_type(content: bytes) -> str | None:
    """The MIME type of a picture that can be decoded, by its first bytes, else None."""
    kind = mime_type(content)
    return kind if kind in READ else None


def unsupported_type(content: bytes) -> str | None:
    """The reason why a picture of a known kind that nothing here decodes is refused, else None."""
    kind = mime_type(content) or ""
    return f"{UNSUPPORTED[kind]}: {kind} is not decoded" if kind in UNSUPPORTED else None


def no_image(content: bytes, content_type: str | None) -> tuple[str, str]:
    """Status and reason of an answer that `image_type` doesn't know.

    Only bytes that may be a picture's are `refused`. A page, other text or no bytes in its place
    are `failed`: the server's trouble of today, not the picture's.
    """
    if not content:
        return "failed", "empty: no bytes"
    head = content[:_HEAD]
    said = (content_type or "").partition(";")[0].strip().lower()
    page = said.startswith("text/") or said in _PAGE_TYPES or _is_text(head)
    if not page or _is_drawing(head):
        return "refused", NOT_AN_IMAGE
    shown = " ".join(head[:60].decode("ascii", "replace").split())
    return "failed", f"html_instead_of_picture: the answer is a page or text: {shown}"


def _is_text(head: bytes) -> bool:
    """Bytes without control characters, or what begins as markup or JSON in wide characters."""
    begins = head[:8].replace(b"\0", b"").lstrip(b"\xff\xfe\xef\xbb\xbf \t\r\n")
    return begins[:1] in (b"<", b"{", b"[") or not _CONTROLS.search(head)


def _is_drawing(head: bytes) -> bool:
    """SVG: a picture, though it is text."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<svg", b"<?xml")) and b"<svg" in head


_HEAD = 1024
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_PAGE_TYPES = frozenset(
    {"application/json", "application/xhtml+xml", "application/xml", "application/javascript"}
)


class ImageParts:
    """Appends IMAGES rows to parts that appear whole; a kill loses at most the one in hand."""

    def __init__(self, directory: Path, part_rows: int) -> None:
        self._directory = directory
        self._part_rows = part_rows
        self._rows: list[ImageRow] = []
        self._since = 0.0
        self._next = _next_number(parts(directory, "images-"))

    def append(self, row: ImageRow) -> None:
        """Add a row; a full part is written at once."""
        self._since = self._since if self._rows else time.monotonic()
        self._rows.append(row)
        if len(self._rows) >= self._part_rows:
            self.flush()

    def flush_if_old(self) -> None:
        """Write the rows that have waited too long."""
        if self._rows and time.monotonic() - self._since >= FLUSH_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write the rows that are not in a part yet."""
        if self._rows:
            rows = sorted(self._rows, key=lambda row: str(row["url"]))
            write_rows(self._directory / f"images-{self._next:06d}.parquet", rows, IMAGES)
            self._rows = []
            self._next += 1


def _next_number(existing: list[Path]) -> int:
    numbers = [int(path.stem.removeprefix("images-")) for path in existing]
    return max(numbers, default=-1) + 1


def settled_rows(directory: Path) -> dict[str, ImageRow]:
    """Rows by URL that this run settled before it was interrupted; failures are tried again."""
    rows = read_parts(parts(directory, "images-"), IMAGES).to_pylist()
    return {row["url"]: row for row in rows if row["status"] != "failed" and not is_burnt(row)}
