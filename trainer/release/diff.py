"""What changed between two releases: people, names, faces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from trainer.release.diff_read import DiffRelease, FaceKey, Person, read_both
from trainer.release.files import require_intact
from trainer.staging.atomic import write_json

DIFF_JSON = "diff.json"
LISTED = 1_000  # items of a kind that are listed; all are counted


class Why(Protocol):
    """Looks up why something is gone: in words, for people."""

    def person(self, person: Person, claims: Sequence[tuple[str, str]]) -> str:
        """Return why a performer, known by the records `claims`, is gone."""
        ...

    def merge(self, old: int) -> str:
        """Return why the performer `old` was merged."""
        ...

    def face(self, face: FaceKey) -> str:
        """Return why a face is gone."""
        ...


class NotKnown:
    """Reasons where there are only two releases, which do not say why they differ."""

    def person(self, person: Person, claims: Sequence[tuple[str, str]]) -> str:
        """Return `not known`."""
        return "not known"

    def merge(self, old: int) -> str:
        """Return all that two releases show of a merge."""
        return "another performer has its id now"

    def face(self, face: FaceKey) -> str:
        """Return `not known`."""
        return "not known"


class Removed(Person):
    why: str


class Merge(BaseModel):
    """`old` of the earlier release is `new` in the later one."""

    model_config = ConfigDict(extra="forbid")

    old: Person
    new: Person
    why: str | None = None


class FaceChange(BaseModel):
    """A face that was added or removed: of whom, from where; `why`: by which rule, or why it is
    gone."""

    model_config = ConfigDict(extra="forbid")

    performer_id: int
    name: str
    source: str
    image_sha256: str
    face_no: int
    why: str


class Change(BaseModel):
    model_config = ConfigDict(extra="forbid")

    person: Person
    fields: dict[str, tuple[Any, Any]]  # column -> (before, after)


class Diff(BaseModel):
    """`diff.json`. Lists are in performer id order, the first `LISTED` of each, `counts` has them
    all; faces are told apart by picture hash."""

    model_config = ConfigDict(extra="forbid")

    old_version: str | None
    new_version: str
    added: list[Person] = []
    removed: list[Removed] = []
    merged: list[Merge] = []
    renamed: list[Merge] = []
    changed: list[Change] = []
    counts: dict[str, int] = {}
    faces_added: int = 0
    faces_removed: int = 0
    faces_added_by_performer: dict[int, int] = {}
    faces_removed_by_performer: dict[int, int] = {}
    faces_added_list: list[FaceChange] = []
    faces_removed_list: list[FaceChange] = []
    faces_removed_why: dict[str, int] = {}
    faces_moved: int = 0
    faces_moved_list: list[FaceChange] = []  # of whom they are now; `why` says of whom before

    def describe(self, names: int = 10) -> list[str]:
        """Return lines for people: the counts, then at most `names` of each kind, with reasons."""
        against = f"since {self.old_version}" if self.old_version else "first release"
        n = self.counts
        lines = [
            f"{self.new_version} ({against}): {n['added']} performers added, "
            f"{n['removed']} removed, {n['merged']} merged, {n['renamed']} renamed, "
            f"{n['changed']} changed; {self.faces_added} faces added, "
            f"{self.faces_removed} removed"
        ]
        if self.old_version:
            lines += _some("added", [repr(p.name) for p in self.added], n["added"], names)
        gone = [f"{p.name!r} ({p.why})" for p in self.removed]
        merged = [f"{m.old.name!r} into {m.new.name!r} ({m.why})" for m in self.merged]
        renamed = [f"{m.old.name!r} to {m.new.name!r}" for m in self.renamed]
        lines += _some("removed", gone, n["removed"], names)
        lines += _some("merged", merged, n["merged"], names)
        lines += _some("renamed", renamed, n["renamed"], names)
        moved = [f"{f.name!r} ({f.why})" for f in self.faces_moved_list]
        lines += _some("faces that are another's now", moved, self.faces_moved, names)
        lines += [f"  faces removed: {c} {why}" for why, c in self.faces_removed_why.items()]
        return lines


def diff(old: Path | None, new: Path, why: Why | None = None) -> Diff:
    """Compare two release directories, whose hashes are checked first; without `old` everything
    is new."""
    for directory in (new, old):
        if directory is not None:
            require_intact(directory)
    return compare(old, new, why or NotKnown())


def compare(old: Path | None, new: Path, why: Why) -> Diff:
    """Compare as `diff` does, without checking hashes."""
    return _compare(*read_both(old, new), why)


def write_diff(directory: Path, result: Diff) -> None:
    """Write `diff.json` into a release's directory."""
    write_json(directory / DIFF_JSON, result.model_dump(mode="json"))


def _compare(old: DiffRelease | None, new: DiffRelease, why: Why) -> Diff:
    result = Diff(old_version=old.version if old else None, new_version=new.version)
    result.added = [p for i, p in new.people.items() if old is None or i not in old.people]
    if old:
        _compare_people(result, old, new, why)
    _compare_faces(result, old, new, why)
    for kind in ("added", "removed", "merged", "renamed", "changed"):
        listed = getattr(result, kind)
        result.counts[kind] = len(listed)
        del listed[LISTED:]
    return result


def _compare_people(result: Diff, old: DiffRelease, new: DiffRelease, why: Why) -> None:
    """List what became of the performers of the old release."""
    for number, person in old.people.items():
        successor = new.people.get(number)
        if successor is None:
            _list_gone(result, old, new, person, why)
            continue
        if successor.name != person.name:
            result.renamed.append(Merge(old=person, new=successor))
        fields = _changed(old.details[number], new.details[number])
        if fields:
            result.changed.append(Change(person=successor, fields=fields))


def _list_gone(result: Diff, old: DiffRelease, new: DiffRelease, person: Person, why: Why) -> None:
    """List a performer whose id is gone: as merged where another has one of its records now."""
    claims = old.claims.get(person.performer_id, [])
    heir = next((new.owners[claim] for claim in claims if claim in new.owners), None)
    if heir is None:
        text = why.person(person, claims)
        result.removed.append(Removed(**person.model_dump(), why=text))
    else:
        text = why.merge(person.performer_id)
        result.merged.append(Merge(old=person, new=new.people[heir], why=text))


def _changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {k: (before[k], after[k]) for k in sorted(before) if before[k] != after[k]}


def _compare_faces(result: Diff, old: DiffRelease | None, new: DiffRelease, why: Why) -> None:
    """List what became of faces; in a first release they are only counted."""
    if old is None:
        result.faces_added = len(new.faces)
        return
    _list_moved(result, old, new)
    _list_added(result, old, new)
    _list_removed(result, old, new, why)


def _list_added(result: Diff, old: DiffRelease, new: DiffRelease) -> None:
    added = _only_in(new, old)
    result.faces_added = len(added)
    result.faces_added_by_performer = _tally(added)
    result.faces_added_list = [_face(new, key, new.faces[key].rule) for _, key in added[:LISTED]]


def _list_removed(result: Diff, old: DiffRelease, new: DiffRelease, why: Why) -> None:
    removed = _only_in(old, new)
    reasons = [why.face(key) for _, key in removed]
    result.faces_removed = len(removed)
    result.faces_removed_by_performer = _tally(removed)
    result.faces_removed_why = dict(sorted(Counter(reasons).items()))
    result.faces_removed_list = [
        _face(old, key, reason)
        for (_, key), reason in zip(removed[:LISTED], reasons[:LISTED], strict=True)
    ]


def _only_in(release: DiffRelease, without: DiffRelease) -> list[tuple[int, FaceKey]]:
    """Return the faces that only the first release has, each behind its performer, sorted."""
    faces = release.faces.items()
    return sorted((row.performer_id, key) for key, row in faces if key not in without.faces)


def _list_moved(result: Diff, old: DiffRelease, new: DiffRelease) -> None:
    """List faces of both releases that are another performer's now; a merge moves none."""
    merged = {merge.old.performer_id for merge in result.merged}
    moved = sorted(
        (row.performer_id, key)
        for key, row in new.faces.items()
        if key in old.faces and old.faces[key].performer_id not in {row.performer_id, *merged}
    )
    result.faces_moved = len(moved)
    for _, key in moved[:LISTED]:
        before = old.people[old.faces[key].performer_id]
        text = f"before of performer {before.performer_id}, {before.name!r}"
        result.faces_moved_list.append(_face(new, key, text))


def _face(release: DiffRelease, key: FaceKey, why: str) -> FaceChange:
    row = release.faces[key]
    return FaceChange(
        performer_id=row.performer_id,
        name=release.people[row.performer_id].name,
        source=row.source,
        image_sha256=key[0],
        face_no=key[1],
        why=why,
    )


def _tally(faces: list[tuple[int, FaceKey]]) -> dict[int, int]:
    return dict(Counter(owner for owner, _ in faces))


def _some(what: str, texts: list[str], count: int, limit: int) -> list[str]:
    if not texts:
        return []
    more = f" and {count - limit} more" if count > limit else ""
    return [f"  {what}: {', '.join(texts[:limit])}{more}"]
