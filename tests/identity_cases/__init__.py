"""Labelled cases for judging who is held to be who; see README.md."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, cast

from trainer.staging.rows import PerformerRecord

CASES: Final = Path(__file__).parent / "cases.jsonl"

Pair = tuple[int, int]


@dataclass(frozen=True)
class Url:
    url: str
    site: str | None


@dataclass(frozen=True)
class Record:
    """One performer as one source describes it; names of fields are those of staging."""

    source: str
    source_id: str
    name: str
    aliases: tuple[str, ...]
    disambiguation: str | None
    birth_date: str | None  # YYYY, YYYY-MM or YYYY-MM-DD
    country: str | None  # ISO 3166-1 alpha-2
    gender: str | None
    ethnicity: str | None
    height_cm: int | None
    eye_color: str | None
    hair_color: str | None
    career_start_year: int | None
    urls: tuple[Url, ...]
    merged_ids: tuple[str, ...]
    merged_into_id: str | None
    deleted: bool

    def row(self) -> PerformerRecord:
        """Plain lists and dictionaries, as a staging row has them."""
        lists = {"aliases": list(self.aliases), "merged_ids": list(self.merged_ids)}
        row = asdict(self) | lists | {"urls": [asdict(link) for link in self.urls]}
        return cast("PerformerRecord", row)


@dataclass(frozen=True)
class Week:
    """The records of one week and who they are.

    `people` is the true partition of the records' indices; `silent` has the pairs i < j that a
    careful curator would join from these records alone, without asking anybody.
    """

    records: tuple[Record, ...]
    people: tuple[tuple[int, ...], ...]
    silent: tuple[Pair, ...]


@dataclass(frozen=True)
class Case(Week):
    """A case's first week; `weeks` are the later ones, each with all records anew."""

    id: str
    category: str
    note: str
    weeks: tuple[Week, ...]


def load_cases(path: Path = CASES) -> tuple[Case, ...]:
    with path.open(encoding="utf-8") as lines:
        return tuple(_case(json.loads(line)) for line in lines)


def _case(raw: dict[str, Any]) -> Case:
    return Case(
        **_week(raw),
        id=raw["id"],
        category=raw["category"],
        note=raw["note"],
        weeks=tuple(Week(**_week(week)) for week in raw.get("weeks", ())),
    )


def _week(raw: dict[str, Any]) -> dict[str, Any]:
    return {
        "records": tuple(_record(record) for record in raw["records"]),
        "people": tuple(tuple(person) for person in raw["people"]),
        "silent": tuple((first, second) for first, second in raw["silent"]),
    }


def _record(raw: dict[str, Any]) -> Record:
    lists = {key: tuple(raw[key]) for key in ("aliases", "merged_ids")}
    return Record(**raw | lists | {"urls": tuple(Url(**link) for link in raw["urls"])})
