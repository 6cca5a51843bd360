"""Scene queries: embeddings of degraded copies of pictures, by which a release is measured.

They lie beside the face cache of their pack, in parts of their own. A change of how copies are
degraded (`embedder/degrade.py`) is a new version, whose rows never meet those of an older one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainer.errors import DamagedFileError
from trainer.staging.parquet import parts, read_parts, read_table
from trainer.staging.schemas import SCENE_QUERIES

VERSION = 1
KINDS = ("smaller", "blurred", "compressed", "turned", "covered", "darker")
AS_IS = "as_is"
PREFIX = f"queries-v{VERSION}-"
_ANY_VERSION = "queries-"
_SEED = 20260101

Vector = npt.NDArray[np.float32]
# Of each picture and kind, what both models make of the copy; None: no face is found in it.
Copies = Mapping[str, Mapping[str, tuple[Vector, Vector] | None]]


def sample_order(images: Iterable[str]) -> list[str]:
    """`images` (sha256) so that the first n are a sample, mostly the same one week after week."""
    return sorted(images, key=lambda sha: hashlib.sha256(f"{_SEED}/{sha}".encode()).digest())


def query_parts(directory: Path) -> list[Path]:
    """The parts of all versions, damaged ones included: who is purged must be in none."""
    return parts(directory, _ANY_VERSION)


def known_queries(directory: Path) -> set[str]:
    """sha256 of every picture whose copies were embedded, or that can have none.

    Raises `DamagedFileError` for a damaged part.
    """
    table = read_parts(parts(directory, PREFIX), SCENE_QUERIES, ["image_sha256"])
    return set(table.column("image_sha256").to_pylist())


def read_queries(directory: Path) -> Copies:
    """The embeddings of all copies, of pictures that have every kind."""
    found: dict[str, dict[str, tuple[Vector, Vector] | None]] = {}
    for row in read_parts(parts(directory, PREFIX), SCENE_QUERIES).to_pylist():
        found.setdefault(row["image_sha256"], {})[row["kind"]] = _vectors(row)
    return {sha: kinds for sha, kinds in found.items() if kinds.keys() >= set(KINDS)}


def _vectors(row: Mapping[str, Any]) -> tuple[Vector, Vector] | None:
    if row["facenet"] is None or row["arcface"] is None:
        return None
    return _unit(row["facenet"]), _unit(row["arcface"])


def _unit(content: bytes) -> Vector:
    vector = np.frombuffer(content, "<f2").astype(np.float32)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def remove_unusable(directory: Path) -> list[str]:
    """Delete parts that are damaged or of another version; returns their names.

    They hold nothing but what can be measured again, so that no build has to fail for them.
    """
    gone = [path for path in query_parts(directory) if not _is_usable(path)]
    for path in gone:
        path.unlink()
    return [path.name for path in gone]


def _is_usable(path: Path) -> bool:
    return path.name.startswith(PREFIX) and is_whole(path)


def is_whole(path: Path) -> bool:
    """Can every row of the part be read?"""
    try:
        return set(SCENE_QUERIES.names) <= set(read_table(path).column_names)
    except DamagedFileError:
        return False
