"""performers.db out of the release's inputs: the same inputs give the same bytes."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from trainer.release.contract import SCHEMA_VERSION, STRICT_COLUMNS
from trainer.release.inputs import ReleaseInputs, Row
from trainer.staging.atomic import whole_file

_HERE = Path(__file__).parent
_Values = tuple[Any, ...]


@dataclass(frozen=True)
class Conflict:
    """Something unique that two performers claim: the first by performer id keeps it."""

    kind: Literal["url", "merged_id"]
    scope: str  # site or endpoint
    value: str  # normalized id or stash-box id
    kept_performer_id: int
    performer_id: int
    url: str = ""
    source: str | None = None

    def order(self) -> tuple[str, str, int, str, str]:
        return (self.scope, self.value, self.performer_id, self.url, self.source or "")

    def describe(self) -> str:
        return (
            f"{self.kind} {self.scope}:{self.value} is claimed by performer {self.performer_id}, "
            f"kept by performer {self.kept_performer_id}"
        )


def write_database(path: Path, inputs: ReleaseInputs, pack_id: str) -> list[Conflict]:
    """Write `path` whole or not at all; returns what two performers both claim, in order."""
    urls, url_conflicts = _first_claims(inputs.performers, _urls)
    merged, merged_conflicts = _first_claims(inputs.performers, _merged)
    with whole_file(path) as temporary:
        with closing(sqlite3.connect(temporary, isolation_level=None)) as db:
            _fast(db)
            db.executescript(_HERE.joinpath("schema.sql").read_text(encoding="utf-8"))
            db.execute("BEGIN")
            db.execute("INSERT INTO schema_version VALUES (?)", (SCHEMA_VERSION,))
            _insert(db, "performers", _performer_rows(inputs))
            _insert(db, "stashbox_ids", _claim_rows(inputs.performers))
            _insert(db, "aliases", _alias_rows(inputs.performers))
            _insert(db, "faces", _face_rows(inputs.faces))
            _insert(db, "face_provenance", _provenance_rows(inputs.faces, pack_id))
            _insert(db, "external_urls", ((n + 1, *row) for n, row in enumerate(urls)))
            _insert(db, "merged_ids", merged)
            for table in ("tattoos", "piercings"):
                _insert(db, table, _mark_rows(inputs.performers, table))
            _insert_conflicts(db, url_conflicts, merged_conflicts)
            db.execute("COMMIT")
            db.executescript(_HERE.joinpath("indexes.sql").read_text(encoding="utf-8"))
        _settle(temporary)
    return url_conflicts + merged_conflicts


def _fast(db: sqlite3.Connection) -> None:
    """No journal and no sync: the file is temporary until it is whole."""
    db.execute("PRAGMA page_size = 4096")
    db.execute("PRAGMA journal_mode = OFF")
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA locking_mode = EXCLUSIVE")


def _settle(path: Path) -> None:
    """Leave rollback-journal mode behind: a read-only reader finds no -wal file beside it."""
    with closing(sqlite3.connect(path)) as db:
        mode = db.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
        result = db.execute("PRAGMA integrity_check").fetchone()[0]
        if (mode, result) != ("delete", "ok"):
            raise sqlite3.DatabaseError(f"{path}: journal mode {mode}, integrity {result}")


def _insert(db: sqlite3.Connection, table: str, rows: Iterable[_Values]) -> None:
    iterator = iter(rows)
    first = next(iterator, None)
    if first is None:
        return
    sql = f"INSERT INTO {table} VALUES ({', '.join('?' * len(first))})"  # noqa: S608 - our names
    db.execute(sql, first)
    db.executemany(sql, iterator)


def _performer_rows(inputs: ReleaseInputs) -> Iterator[_Values]:
    faces = Counter(face["performer_id"] for face in inputs.faces)
    for row in inputs.performers:
        known = {**row, "id": row["performer_id"], "face_count": faces[row["performer_id"]]}
        yield tuple(known[column] for column in STRICT_COLUMNS["performers"])


def _claim_rows(performers: list[Row]) -> Iterator[_Values]:
    for row in performers:
        for claim in row["claims"] or []:
            created = claim["created_at"] or row["created_at"]
            yield row["performer_id"], claim["source"], claim["source_id"], created


def _alias_rows(performers: list[Row]) -> Iterator[_Values]:
    number = 0
    for row in performers:
        seen: set[str] = set()
        for item in row["aliases"] or []:
            if item["alias"] in seen:  # the same alias from a second source says nothing new
                continue
            seen.add(item["alias"])
            number += 1
            yield number, row["performer_id"], item["alias"], item["source"], row["created_at"]


def _face_rows(faces: list[Row]) -> Iterator[_Values]:
    for index, face in enumerate(faces):
        yield (
            index + 1,
            face["performer_id"],
            index,
            index,
            face["image_url"],
            face["source"],
            face["quality_score"],
            face["created_at"],
            0,
            face["yaw"],
        )


def _provenance_rows(faces: list[Row], pack_id: str) -> Iterator[_Values]:
    columns = ("image_sha256", "face_no", "source", "page_url", "run_id")
    for index, face in enumerate(faces):
        yield index + 1, *(face[column] for column in columns), pack_id, face["rule"]


def _mark_rows(performers: list[Row], table: str) -> Iterator[_Values]:
    number = 0
    for row in performers:
        seen: set[tuple[str | None, str | None]] = set()
        for mark in row[table] or []:
            key = (mark["location"], mark["description"])
            if key in seen:  # SQLite's UNIQUE lets equal rows with a null pass
                continue
            seen.add(key)
            number += 1
            yield number, row["performer_id"], *key, mark["source"], row["created_at"]


_Claim = tuple[_Values, Conflict]  # the row, and the conflict it would be if it came second


def _urls(row: Row) -> Iterator[_Claim]:
    owner = row["performer_id"]
    for item in row["urls"] or []:
        site, value, url = item["site"], item["normalized_id"], item["url"]
        values = (owner, site, url, value, item["source"], 1.0, row["created_at"])
        yield values, Conflict("url", site, value, owner, owner, url, item["source"])


def _merged(row: Row) -> Iterator[_Claim]:
    owner = row["performer_id"]
    for item in row["merged"] or []:
        endpoint, value = item["source"], item["source_id"]
        merged_at = item["merged_at"] or row["updated_at"]
        yield (
            (owner, value, endpoint, merged_at),
            Conflict("merged_id", endpoint, value, owner, owner),
        )


def _first_claims(
    performers: list[Row], claims: Callable[[Row], Iterator[_Claim]]
) -> tuple[list[_Values], list[Conflict]]:
    """The rows whose (scope, value) nobody claimed before, and the conflicts of the others."""
    owners: dict[tuple[str, str], int] = {}
    rows: list[_Values] = []
    conflicts: dict[Conflict, None] = {}
    for row in performers:
        for values, claim in claims(row):
            key = (claim.scope, claim.value)
            if key not in owners:
                owners[key] = claim.performer_id
                rows.append(values)
            elif owners[key] != claim.performer_id:
                conflicts[replace(claim, kept_performer_id=owners[key])] = None
    return rows, sorted(conflicts, key=Conflict.order)


def _insert_conflicts(db: sqlite3.Connection, urls: list[Conflict], merged: list[Conflict]) -> None:
    _insert(
        db,
        "url_conflicts",
        ((c.scope, c.value, c.kept_performer_id, c.performer_id, c.url, c.source) for c in urls),
    )
    _insert(
        db,
        "merged_conflicts",
        ((c.scope, c.value, c.kept_performer_id, c.performer_id) for c in merged),
    )
