"""What of the last release's indexes can be kept: all of it, where faces were only added."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from trainer.errors import DamagedFileError
from trainer.release import contract
from trainer.release.files import read_manifest, require_intact
from trainer.release.index import Storage, load_index
from trainer.release.inputs import ReleaseInputs, Vectors

MOST_ADDED = 0.1  # of the release: beyond it a rebuild costs little more, and searches better
_KEYS = ["image_sha256", "face_no"]
_SAME = 1e-3  # a number of a unit vector that was embedded again differs by less than this
_BLOCK = 16_384


@dataclass(frozen=True)
class Kept:
    """The release with the last one's faces first, in their order; `count` of them."""

    inputs: ReleaseInputs
    count: int
    m: dict[str, int]  # index file -> M


def keep(inputs: ReleaseInputs, base: Path | None, pack_id: str, storage: Storage) -> Kept | None:
    """None where the indexes have to be built anew: nothing to begin from, another model pack or
    storage type, a face that is gone, or too many new ones."""
    if base is None:
        return None
    require_intact(base)
    before, packs = _faces_of(base)
    numbered = inputs.faces.select(_KEYS).with_row_index("row")
    found = before.join(numbered, on=_KEYS, how="left", maintain_order="left")["row"]
    added = len(numbered) - len(before)
    m = _sizes(base, storage)
    if packs != [pack_id] or m is None or found.null_count() or added > MOST_ADDED * len(numbered):
        return None
    new = numbered.join(before, on=_KEYS, how="anti", maintain_order="left")["row"]
    order = np.concatenate([found.to_numpy(), new.to_numpy()]).astype(np.int64)
    return Kept(inputs.reordered(order), len(before), m)


def same_vectors(index_path: Path, vectors: Vectors, count: int, tolerance: float = _SAME) -> bool:
    """Does the index hold the first `count` vectors? A picture may have been embedded again."""
    index = load_index(index_path)
    if len(index) != count:
        return False
    for start in range(0, count, _BLOCK):
        ids = np.arange(start, min(start + _BLOCK, count))
        if not np.allclose(index.get_vectors(ids), vectors[ids], atol=tolerance):
            return False
    return True


def _faces_of(base: Path) -> tuple[pl.DataFrame, list[str]]:
    """Keys of all faces in index order, and the model packs that they were embedded with."""
    uri = f"{(base / contract.DATABASE).absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        rows = db.execute(
            "SELECT image_sha256, face_no FROM face_provenance ORDER BY face_id"
        ).fetchall()
        packs = db.execute("SELECT DISTINCT model_pack FROM face_provenance").fetchall()
    schema = {"image_sha256": pl.String, "face_no": pl.Int16}
    return pl.DataFrame(rows, schema=schema, orient="row"), [pack for (pack,) in packs]


def _sizes(base: Path, storage: Storage) -> dict[str, int] | None:
    """M of both indexes, where they are of this storage type."""
    made = read_manifest(base).model_extra or {}
    indexes = made.get("indexes", {})
    try:
        if any(indexes[n].get("storage", "float32") != storage for n in contract.INDEXES):
            return None
        return {name: int(indexes[name]["m"]) for name in contract.INDEXES}
    except (KeyError, TypeError, ValueError) as error:
        raise DamagedFileError(f"{base / contract.MANIFEST}: indexes: {error}") from error
