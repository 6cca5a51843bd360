"""What changed between two releases: people, names, faces."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from trainer.release import contract
from trainer.release.files import read_manifest, require_intact
from trainer.staging.atomic import write_json

DIFF_JSON = "diff.json"
# The columns whose change counts as a changed performer; counts and times do not.
_WATCHED = (
    "disambiguation, gender, country, ethnicity, birth_date, death_date, height_cm, eye_color,"
    " hair_color, career_start_year, career_end_year, image_url"
)


class Person(BaseModel):
    model_config = ConfigDict(extra="forbid")

    performer_id: int
    universal_id: str | None
    name: str


class Merge(BaseModel):
    """`old` of the earlier release is `new` in the later one."""

    model_config = ConfigDict(extra="forbid")

    old: Person
    new: Person


class Change(BaseModel):
    model_config = ConfigDict(extra="forbid")

    person: Person
    fields: dict[str, tuple[Any, Any]]  # column -> (before, after)


class Diff(BaseModel):
    """`diff.json`. Lists are in performer id order; faces are told apart by picture hash."""

    model_config = ConfigDict(extra="forbid")

    old_version: str | None
    new_version: str
    added: list[Person] = []
    removed: list[Person] = []
    merged: list[Merge] = []
    renamed: list[Merge] = []
    changed: list[Change] = []
    faces_added: int = 0
    faces_removed: int = 0
    faces_added_by_performer: dict[int, int] = {}
    faces_removed_by_performer: dict[int, int] = {}

    def describe(self) -> list[str]:
        """Lines for people; the numbers first, then at most ten names of each kind."""
        against = f"since {self.old_version}" if self.old_version else "first release"
        lines = [
            f"{self.new_version} ({against}): {len(self.added)} performers added, "
            f"{len(self.removed)} removed, {len(self.merged)} merged, {len(self.renamed)} renamed, "
            f"{len(self.changed)} changed; {self.faces_added} faces added, "
            f"{self.faces_removed} removed"
        ]
        if self.old_version:
            lines += _some("added", [p.name for p in self.added])
        lines += _some("removed", [p.name for p in self.removed])
        lines += _some("merged", [f"{m.old.name} into {m.new.name}" for m in self.merged])
        lines += _some("renamed", [f"{m.old.name} to {m.new.name}" for m in self.renamed])
        return lines


def diff(old: Path | None, new: Path) -> Diff:
    """Compare two release directories; without `old` everything is new."""
    require_intact(new)
    after = _Release(new)
    if old is None:
        before = None
    else:
        require_intact(old)
        before = _Release(old)
    return _compare(before, after)


def write_diff(directory: Path, result: Diff) -> None:
    write_json(directory / DIFF_JSON, result.model_dump(mode="json"))


class _Release:
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
            self.faces = {
                (row[0], row[1]): int(row[2])
                for row in db.execute(
                    "SELECT image_sha256, face_no, performer_id FROM face_provenance"
                    " JOIN faces ON faces.id = face_id"
                )
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
        details[number] = {key: row[key] for key in row.keys()[2:]}
    return people, details


def _compare(old: _Release | None, new: _Release) -> Diff:
    result = Diff(old_version=old.version if old else None, new_version=new.version)
    old_people = old.people if old else {}
    result.added = [p for i, p in new.people.items() if i not in old_people]
    for number, person in old_people.items():
        successor = new.people.get(number)
        if successor is None:
            _gone(result, old, new, person)
            continue
        if successor.name != person.name:
            result.renamed.append(Merge(old=person, new=successor))
        if old is not None:
            fields = _changed(old.details[number], new.details[number])
            if fields:
                result.changed.append(Change(person=successor, fields=fields))
    _count_faces(result, old.faces if old else {}, new.faces)
    return result


def _gone(result: Diff, old: _Release | None, new: _Release, person: Person) -> None:
    """A performer id that is no more: merged where somebody else now has one of its ids."""
    claims = old.claims.get(person.performer_id, []) if old else []
    heir = next((new.owners[claim] for claim in claims if claim in new.owners), None)
    if heir is None:
        result.removed.append(person)
    else:
        result.merged.append(Merge(old=person, new=new.people[heir]))


def _changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {k: (before[k], after[k]) for k in sorted(before) if before[k] != after[k]}


_Faces = dict[tuple[str, int], int]


def _count_faces(result: Diff, old: _Faces, new: _Faces) -> None:
    result.faces_added_by_performer = _tally(new, old)
    result.faces_removed_by_performer = _tally(old, new)
    result.faces_added = sum(result.faces_added_by_performer.values())
    result.faces_removed = sum(result.faces_removed_by_performer.values())


def _tally(these: _Faces, those: _Faces) -> dict[int, int]:
    counts: dict[int, int] = {}
    for face, owner in these.items():
        if face not in those:
            counts[owner] = counts.get(owner, 0) + 1
    return dict(sorted(counts.items()))


def _some(what: str, names: list[str], limit: int = 10) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    shown = ", ".join(repr(name) for name in names[:limit])
    return [f"  {what}: {shown}{more}"]
