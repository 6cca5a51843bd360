"""What of the last release's indexes can be kept: nearly all of it, where little has changed.

A face that is gone leaves its place to a new one, whose vector replaces the old one there: ids stay
dense. Where more are gone than came, the indexes are built anew.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from trainer.errors import DamagedFileError
from trainer.reasons import reason
from trainer.release import contract
from trainer.release.files import read_manifest, require_intact
from trainer.release.index import MOST_REPLACED, Storage
from trainer.release.inputs import ReleaseInputs

MOST_ADDED = 0.1  # of the release: beyond it a rebuild costs little more, and searches better
_KEYS = ["image_sha256", "face_no"]


@dataclass(frozen=True)
class Kept:
    """The release with its faces where the last one, of `count` faces, had them."""

    inputs: ReleaseInputs
    count: int


def keep(inputs: ReleaseInputs, base: Path | None, pack_id: str, storage: Storage) -> Kept | None:
    """None where the indexes have to be built anew: nothing to begin from, another model pack or
    storage type, too many faces new or gone, or more gone than new."""
    if base is None:
        return None
    require_intact(base)
    before, packs = _faces_of(base)
    numbered = inputs.faces.select(_KEYS).with_row_index("row")
    found = before.join(numbered, on=_KEYS, how="left", maintain_order="left")["row"]
    new = numbered.join(before, on=_KEYS, how="anti", maintain_order="left")["row"].to_numpy()
    gone = np.flatnonzero(found.is_null().to_numpy())
    little = _little(len(numbered), len(new), len(gone))
    if packs != [pack_id] or not _stored_as(base, storage) or not little:
        return None
    order = np.concatenate([found.fill_null(0).to_numpy(), new[len(gone) :]]).astype(np.int64)
    order[gone] = new[: len(gone)]
    return Kept(inputs.reordered(order), len(before))


def _little(faces: int, new: int, gone: int) -> bool:
    return gone <= new <= MOST_ADDED * faces and gone <= MOST_REPLACED * faces


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


def _stored_as(base: Path, storage: Storage) -> bool:
    made = read_manifest(base).model_extra or {}
    try:
        return all(
            made["indexes"][name].get("storage", "float32") == storage for name in contract.INDEXES
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise DamagedFileError(
            f"{base / contract.MANIFEST}: indexes: {reason(error)}; build or restore it again"
        ) from error
