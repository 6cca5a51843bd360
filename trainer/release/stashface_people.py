"""Which faces of a release stashface can be given, and whose they are."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.errors import DamagedFileError
from trainer.reasons import reason
from trainer.release import contract
from trainer.release.search import Ids

_FACES = """
SELECT f.facenet_index, f.arcface_index, s.uuid FROM faces f JOIN (
    SELECT performer_id, min(stashbox_performer_id) AS uuid FROM stashbox_ids
    WHERE endpoint = 'stashdb' GROUP BY performer_id
) s ON s.performer_id = f.performer_id ORDER BY f.facenet_index
"""
_PEOPLE = """
SELECT min(s.stashbox_performer_id), p.canonical_name, p.image_url, p.country
FROM performers p JOIN stashbox_ids s ON s.performer_id = p.id AND s.endpoint = 'stashdb'
WHERE p.id IN (SELECT performer_id FROM faces) GROUP BY p.id ORDER BY 1
"""


@dataclass(frozen=True)
class People:
    """Faces of performers with a StashDB id: rows in either index, the UUID of each; and
    what is said of each UUID."""

    facenet: Ids
    arcface: Ids
    uuids: list[str]
    persons: dict[str, dict[str, str]]
    without: int  # faces of performers whom StashDB does not list


def read_people(directory: Path) -> People:
    """Out of a release's database. Raises `DamagedFileError`."""
    path = directory / contract.DATABASE
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            faces = db.execute(_FACES).fetchall()
            people = db.execute(_PEOPLE).fetchall()
            count = db.execute("SELECT count(*) FROM faces").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise DamagedFileError(f"{path}: {reason(error)}; build or restore it again") from error
    return People(
        np.array([row[0] for row in faces], np.int64),
        np.array([row[1] for row in faces], np.int64),
        [row[2] for row in faces],
        {
            uuid: {"name": name, "image": image or "", "country": country or ""}
            for uuid, name, image, country in people
        },
        count - len(faces),
    )
