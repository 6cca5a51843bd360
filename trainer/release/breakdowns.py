"""The parts of a release's faces whose figures stand beside those of the whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt

from trainer.release import contract

Flags = npt.NDArray[np.bool_]
Parts = Mapping[str, Mapping[str, Flags]]


def breakdowns(directory: Path) -> Parts:
    """By number of faces of the performer, gender, source of the face; in index order."""
    uri = f"{(directory / contract.DATABASE).absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        rows = db.execute(
            "SELECT face_count, coalesce(gender, 'not stated'), source_endpoint FROM faces"
            " JOIN performers ON performers.id = performer_id ORDER BY faces.id"
        ).fetchall()
    counts, genders, sources = zip(*rows, strict=True) if rows else ((), (), ())
    return {
        "faces": _masks([_band(count) for count in counts]),
        "gender": _masks(genders),
        "source": _masks(sources),
    }


def _masks(values: Sequence[str]) -> dict[str, Flags]:
    """value -> where it stands."""
    names, codes = np.unique(np.array(values, dtype=np.str_), return_inverse=True)
    return {str(name): codes == code for code, name in enumerate(names)}


def _band(count: int) -> str:
    return str(count) if count < 3 else "3 to 5" if count < 6 else "6 and more"
