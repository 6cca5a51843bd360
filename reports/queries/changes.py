"""What is different between two releases: every person and name, not only the first thousand."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl

from reports.queries.background import Background
from trainer.errors import TrainerError
from trainer.reasons import reason
from trainer.release.contract import DATABASE
from trainer.release.diff import DIFF_JSON
from trainer.release.diff_read import DiffRelease, Person, read_both
from trainer.staging.atomic import read_json
from trainer.staging.stamped import stamp

KINDS = ("added", "removed", "merged", "renamed", "changed")
COLUMNS = ("kind", "performer_id", "name", "before", "source", "universal_id", "what")
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")  # how a formula of a spreadsheet may begin


class FacesOfSource(NamedTuple):
    source: str
    added: int
    removed: int


class Changes(NamedTuple):
    """`rows`: COLUMNS, one per change, in the order of KINDS and of performer ids."""

    rows: pl.DataFrame
    faces: list[FacesOfSource]

    @property
    def counts(self) -> dict[str, int]:
        found = dict(self.rows.group_by("kind").len().iter_rows())
        return {kind: found.get(kind, 0) for kind in KINDS}


Answer = tuple[Changes | None, list[str]]
_answers: Background[Answer] = Background(most=4)


def changes_soon(older: Path, newer: Path, patience: float) -> Answer | None:
    """As `changes`, kept while the files stay the same; None while it is being worked out."""
    key = (older, stamp(older / DATABASE), newer, stamp(newer / DATABASE))
    return _answers.answer(key, lambda: changes(older, newer), patience)


def changes(older: Path, newer: Path) -> Answer:
    """All that changed between two release directories; and problems, as sentences."""
    for path in (older, newer):
        if stamp(path / DATABASE) is None:
            return None, [f"{path / DATABASE}: missing, so nothing can be compared; restore it"]
    try:
        return _changes(older, newer), []
    except TrainerError as error:
        return None, [str(error)]
    except (sqlite3.Error, OSError) as error:
        where = f"{older.name} and {newer.name}"
        return None, [f"releases {where}: can't be compared ({reason(error)}); verify them"]


def _changes(older: Path, newer: Path) -> Changes:
    before, after = read_both(older, newer)
    assert before is not None
    reasons = _stored_reasons(newer, {older.name, before.version})
    rows = sorted(_rows(before, after, reasons), key=lambda r: (KINDS.index(r[0]), r[1]))
    schema = {name: pl.Int64 if name == "performer_id" else pl.String for name in COLUMNS}
    return Changes(pl.DataFrame(rows, schema=schema, orient="row"), _faces(before, after))


def _rows(
    before: DiffRelease, after: DiffRelease, reasons: dict[int, str]
) -> Iterator[tuple[str, int, str, str, str, str, str]]:
    for number, person in after.people.items():
        if number not in before.people:
            yield _row("added", person)
    for number, person in before.people.items():
        now = after.people.get(number)
        if now is None:
            claims = before.claims.get(number, [])
            heir = next((after.owners[c] for c in claims if c in after.owners), None)
            why = reasons.get(number, "")
            if heir is None:
                yield _row("removed", person, what=why)
            else:
                yield _row("merged", after.people[heir], person.name, why)
            continue
        if now.name != person.name:
            yield _row("renamed", now, person.name)
        what = _fields(before.details[number], after.details[number])
        if what:
            yield _row("changed", now, what=what)


def _row(
    kind: str, person: Person, before: str = "", what: str = ""
) -> tuple[str, int, str, str, str, str, str]:
    universal = person.universal_id or ""
    source = universal.partition(":")[0]
    return kind, person.performer_id, person.name, before, source, universal, what


def _fields(before: dict[str, object], after: dict[str, object]) -> str:
    changed = [key for key in sorted(before) if before[key] != after.get(key)]
    return "; ".join(f"{k}: {_value(before[k])} → {_value(after.get(k))}" for k in changed)


def _value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _stored_reasons(newer: Path, names: set[str]) -> dict[int, str]:
    """Why performers went, where the release's own diff is against this older one."""
    try:
        stored = read_json(newer / DIFF_JSON)
        if stored.get("old_version") not in names:
            return {}
        found = {row["performer_id"]: row.get("why") for row in stored.get("removed", [])}
        found |= {row["old"]["performer_id"]: row.get("why") for row in stored.get("merged", [])}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # the lists are there all the same
    return {number: why for number, why in found.items() if isinstance(why, str)}


def _faces(before: DiffRelease, after: DiffRelease) -> list[FacesOfSource]:
    came = Counter(row.source for key, row in after.faces.items() if key not in before.faces)
    went = Counter(row.source for key, row in before.faces.items() if key not in after.faces)
    return [FacesOfSource(s, came[s], went[s]) for s in sorted({*came, *went})]


def matching(rows: pl.DataFrame, words: str, kinds: list[str], sources: list[str]) -> pl.DataFrame:
    """The changes with all of `words` in a name or id, of these kinds and sources (empty: any)."""
    found = rows
    if kinds:
        found = found.filter(pl.col("kind").is_in(kinds))
    if sources:
        found = found.filter(pl.col("source").is_in(sources))
    text = pl.concat_str(["name", "before", "universal_id", "performer_id"], separator="\n")
    for word in words.lower().split():
        found = found.filter(text.str.to_lowercase().str.contains(word, literal=True))
    return found


def as_csv(rows: pl.DataFrame) -> str:
    """A spreadsheet's file, in which no cell is taken for a formula."""
    strings = [name for name, kind in rows.schema.items() if kind == pl.String]
    return rows.with_columns([_neutral(name) for name in strings]).write_csv()


def _neutral(name: str) -> pl.Expr:
    column = pl.col(name)
    starts = pl.any_horizontal([column.str.starts_with(mark) for mark in _RISKY])
    return pl.when(starts).then(pl.lit("'") + column).otherwise(column).alias(name)
