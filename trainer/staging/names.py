"""Names of directories and files out of any text: readable, of bounded length, one per text."""

from __future__ import annotations

import hashlib
import re

LONGEST_RUN_ID = 120
_HASH = 8
_SAFE_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(?<![.-])")
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")


def run_id_from(text: str) -> str:
    """A directory-safe run id from any text, e.g. an Airflow run id.

    A text that is safe stays as it is. Where signs are replaced or the end is cut, a short hash of
    the text follows, so that no two texts share a directory.
    """
    if len(text) <= LONGEST_RUN_ID and _SAFE_RUN_ID.fullmatch(text):
        return text
    return with_hash(text, text, LONGEST_RUN_ID)


def older_run_id(text: str) -> str | None:
    """What trainers before the hash named the directory of run `text`."""
    name = _readable(text)[:LONGEST_RUN_ID]
    return name if name and name[0].isalnum() else None


def with_hash(readable: str, text: str, longest: int) -> str:
    """What can be kept of `readable`, and a hash of `text`: at most `longest` characters."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]
    head = _readable(readable)[: longest - _HASH - 1].strip("-.")
    return f"{head}-{digest}" if head[:1].isalnum() else f"run-{digest}"


def _readable(text: str) -> str:
    return _UNSAFE.sub("-", text).strip("-.")
