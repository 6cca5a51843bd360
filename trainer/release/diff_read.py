"""What a comparison of two releases needs of each: what is the same in both is never read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from trainer.release import contract
from trainer.release.files import read_manifest
from trainer.staging.performer_facts import COMPARED_FACTS

# The columns whose change counts as a changed performer, in the database's order.
_COMPARED = tuple(
    name for name in contract.STRICT_COLUMNS["performers"] if name in (*COMPARED_FACTS, "image_url")
)
_COMPARED_SQL = ", ".join(_COMPARED)
_TABLES = ("performers", "aliases", "stashbox_ids", "merged_ids", "faces", "face_provenance")
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


@dataclass(frozen=True)
class DiffRelease:
    """One of two releases, `people` and `faces` that are not the same in the other.

    Who is listed here is listed in the other, too, if it has the id. `claims`: stash-box ids of
    who is only in the older release, `owners`: who has these in the newer one.
    """

    version: str
    people: dict[int, Person]
    details: dict[int, dict[str, Any]]
    claims: dict[int, list[tuple[str, str]]]
    owners: dict[tuple[str, str], int]
    faces: dict[FaceKey, FaceRow]


def read_both(old: Path | None, new: Path) -> tuple[DiffRelease | None, DiffRelease]:
    """Without `old` everything is new."""
    with closing(sqlite3.connect(_uri(new), uri=True)) as db:
        _attach(db, old)
        for statement in _statements():
            db.execute(statement)
        after = _read(db, "main", read_manifest(new).version)
        return _read(db, "old", read_manifest(old).version) if old else None, after


def _uri(directory: Path) -> str:
    return f"{(directory / contract.DATABASE).absolute().as_uri()}?mode=ro"


def _attach(db: sqlite3.Connection, old: Path | None) -> None:
    """The older release beside the newer one; where there is none, its tables without a row."""
    db.execute("PRAGMA temp_store = MEMORY")
    db.execute("ATTACH ? AS old", (_uri(old) if old else ":memory:",))
    for table in () if old else _TABLES:
        db.execute(f"CREATE TABLE old.{table} AS SELECT * FROM main.{table} WHERE 0")  # noqa: S608


def _statements() -> Iterator[str]:
    """Temporary tables: `gone_claims`, `main_faces` and `old_faces` that are not in the other
    release, `touched` performers."""
    columns = ["canonical_name", *_COMPARED]
    differ = " OR ".join(f"n.{name} IS NOT o.{name}" for name in columns)
    yield _GONE
    yield "CREATE TABLE temp.touched (id INTEGER PRIMARY KEY)"
    for left, right in (("main", "old"), ("old", "main")):
        for statement in (_FACES, *(_TOUCH + some for some in _TOUCHED)):
            yield statement.format(left=left, right=right, differ=differ)
    yield f"{_TOUCH} SELECT performer_id FROM ({_OWNERS})"  # noqa: S608


_GONE = """
CREATE TABLE temp.gone_claims AS
SELECT endpoint, stashbox_performer_id AS sid, performer_id FROM old.stashbox_ids
WHERE performer_id NOT IN (SELECT id FROM main.performers)
"""
# A grown index leaves faces where they are: most rows need no look-up by picture.
_FACES = """
CREATE TABLE temp.{left}_faces AS
SELECT n.image_sha256, n.face_no, f.performer_id, n.source, n.rule
FROM {left}.face_provenance n JOIN {left}.faces f ON f.id = n.face_id
LEFT JOIN {right}.face_provenance o ON o.face_id = n.face_id
LEFT JOIN {right}.faces p ON p.id = n.face_id
WHERE (n.image_sha256, n.face_no, f.performer_id)
    IS NOT (o.image_sha256, o.face_no, p.performer_id)
AND NOT EXISTS (
    SELECT 1 FROM {right}.face_provenance x JOIN {right}.faces y ON y.id = x.face_id
    WHERE x.image_sha256 = n.image_sha256 AND x.face_no = n.face_no
    AND y.performer_id = f.performer_id)
"""
_TOUCH = "INSERT OR IGNORE INTO temp.touched"
_TOUCHED = (
    """
    SELECT performer_id FROM temp.{left}_faces
    """,
    """
    SELECT n.id FROM {left}.performers n LEFT JOIN {right}.performers o ON o.id = n.id
    WHERE {differ}
    """,
    """
    SELECT performer_id FROM {left}.aliases n WHERE NOT EXISTS (
        SELECT 1 FROM {right}.aliases o
        WHERE o.performer_id = n.performer_id AND o.alias = n.alias)
    """,
)
# An id that is claimed outright comes last and wins over one merged away.
_OWNERS = """
SELECT endpoint, merged_stashbox_id AS sid, performer_id FROM main.merged_ids
WHERE (endpoint, sid) IN (SELECT endpoint, sid FROM temp.gone_claims)
UNION ALL
SELECT endpoint, stashbox_performer_id AS sid, performer_id FROM main.stashbox_ids
WHERE (endpoint, sid) IN (SELECT endpoint, sid FROM temp.gone_claims)
"""


def _read(db: sqlite3.Connection, schema: str, version: str) -> DiffRelease:
    people, details = _people(db, schema)
    claims: dict[int, list[tuple[str, str]]] = {}
    if schema == "old":
        listed = "SELECT performer_id, endpoint, sid FROM temp.gone_claims ORDER BY endpoint, sid"
        for number, *claim in db.execute(listed):
            claims.setdefault(number, []).append((claim[0], claim[1]))
    owners = {(row[0], row[1]): row[2] for row in db.execute(_OWNERS)} if schema == "main" else {}
    faces = {
        (row[0], row[1]): FaceRow(*row[2:])
        for row in db.execute(f"SELECT * FROM temp.{schema}_faces")  # noqa: S608
    }
    return DiffRelease(version, people, details, claims, owners, faces)


def _people(
    db: sqlite3.Connection, schema: str
) -> tuple[dict[int, Person], dict[int, dict[str, Any]]]:
    universal: dict[int, str] = {}
    order = {endpoint: place for place, endpoint in enumerate(contract.DOMAINS)}
    claims = _rows_of(db, schema, "stashbox_ids", "endpoint, stashbox_performer_id")
    claims.sort(key=lambda claim: (order.get(claim[1], len(order)), *claim[1:]))
    for number, endpoint, sid in claims:
        universal.setdefault(number, f"{contract.DOMAINS.get(endpoint, endpoint)}:{sid}")
    people: dict[int, Person] = {}
    details: dict[int, dict[str, Any]] = {}
    sql = (
        f"SELECT id, canonical_name, {_COMPARED_SQL} FROM {schema}.performers"  # noqa: S608
        " JOIN temp.touched USING (id) ORDER BY id"
    )
    for number, name, *values in db.execute(sql):
        people[number] = Person(performer_id=number, universal_id=universal.get(number), name=name)
        details[number] = dict(zip(_COMPARED, values, strict=True)) | {"aliases": []}
    for number, alias in sorted(_rows_of(db, schema, "aliases", "alias")):
        details[number]["aliases"].append(alias)
    return people, details


def _rows_of(db: sqlite3.Connection, schema: str, table: str, columns: str) -> list[Any]:
    """`performer_id` and `columns` of the rows of touched performers."""
    sql = (
        f"SELECT performer_id, {columns} FROM {schema}.{table}"  # noqa: S608
        " WHERE performer_id IN (SELECT id FROM temp.touched)"
    )
    return db.execute(sql).fetchall()
