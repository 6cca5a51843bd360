"""What a comparison of releases needs of one of them, in memory."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from trainer.release import contract
from trainer.release.files import read_manifest

# The columns whose change counts as a changed performer; counts and times do not.
_WATCHED = (
    "disambiguation, gender, country, ethnicity, birth_date, death_date, height_cm, eye_color,"
    " hair_color, career_start_year, career_end_year, image_url"
)
FaceKey = tuple[str, int]  # sha256 of the picture, number of the face in it


class FaceRow(NamedTuple):
    performer_id: int
    source: str
    rule: str


class Person(BaseModel):
    model_config = ConfigDict(extra="forbid")

    performer_id: int
    universal_id: str | None
    name: str


class DiffRelease:
    """What a comparison needs of one release, in memory."""

    def __init__(self, directory: Path) -> None:
        self.version = read_manifest(directory).version
        uri = f"{(directory / contract.DATABASE).absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as db:
            db.row_factory = sqlite3.Row
            self.people, self.details = _people(db)
            self.owners = {
                (row["endpoint"], row["sid"]): row["performer_id"]
                for row in db.execute(
                    "SELECT endpoint, merged_stashbox_id AS sid, performer_id FROM merged_ids"
                    " UNION ALL"  # an id that is claimed outright wins over one merged away
                    " SELECT endpoint, stashbox_performer_id, performer_id FROM stashbox_ids"
                )
            }
            self.claims: dict[int, list[tuple[str, str]]] = {}
            claims = "SELECT * FROM stashbox_ids ORDER BY endpoint, stashbox_performer_id"
            for row in db.execute(claims):
                key = (row["endpoint"], row["stashbox_performer_id"])
                self.claims.setdefault(row["performer_id"], []).append(key)
            self.faces: dict[FaceKey, FaceRow] = {
                (row[0], row[1]): FaceRow(*row[2:])
                for row in db.execute(
                    "SELECT image_sha256, face_no, performer_id, source, rule FROM face_provenance"
                    " JOIN faces ON faces.id = face_id"
                ).fetchall()
            }


def _people(db: sqlite3.Connection) -> tuple[dict[int, Person], dict[int, dict[str, Any]]]:
    universal: dict[int, str] = {}
    order = list(contract.DOMAINS)
    claims = [dict(row) for row in db.execute("SELECT * FROM stashbox_ids")]
    claims.sort(
        key=lambda c: (
            order.index(c["endpoint"]) if c["endpoint"] in order else len(order),
            c["endpoint"],
            c["stashbox_performer_id"],
        )
    )
    for claim in claims:
        domain = contract.DOMAINS.get(claim["endpoint"], claim["endpoint"])
        universal.setdefault(claim["performer_id"], f"{domain}:{claim['stashbox_performer_id']}")
    people: dict[int, Person] = {}
    details: dict[int, dict[str, Any]] = {}
    sql = f"SELECT id, canonical_name, {_WATCHED} FROM performers ORDER BY id"  # noqa: S608
    for row in db.execute(sql):
        number, name, *_ = row
        people[number] = Person(performer_id=number, universal_id=universal.get(number), name=name)
        details[number] = {key: row[key] for key in row.keys()[2:]} | {"aliases": []}
    for number, alias in db.execute("SELECT performer_id, alias FROM aliases ORDER BY alias"):
        details[number]["aliases"].append(alias)
    return people, details
