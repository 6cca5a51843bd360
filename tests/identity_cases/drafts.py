"""A case while it is made: records by person, before they are shuffled and numbered."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from tests.identity_cases.records import Record

Group = Sequence[Record]


@dataclass(frozen=True)
class Draft:
    """`people`: the records of each person. `silent`: records that may be joined unasked."""

    people: Sequence[Group]
    note: str
    silent: Sequence[Group] = ()
    weeks: Sequence[Draft] = field(default=())


Maker = Callable[[random.Random], Draft]


def same(*records: Record, note: str, silent: bool = True) -> Draft:
    """All the records are of one person."""
    return Draft([records], note, [records] if silent else [])


def different(*records: Record, note: str) -> Draft:
    """Each record is of a person of its own."""
    return Draft([[record] for record in records], note)


def written(draft: Draft, case_id: str, category: str, rng: random.Random) -> dict[str, Any]:
    """The case as it stands in the file."""
    case = {"id": case_id, "category": category, "note": draft.note} | _week(draft, rng)
    if draft.weeks:
        case["weeks"] = [_week(later, rng) for later in draft.weeks]
    return case


def _week(draft: Draft, rng: random.Random) -> dict[str, Any]:
    records = [record for group in draft.people for record in group]
    rng.shuffle(records)
    place = {id(record): index for index, record in enumerate(records)}
    return {
        "records": records,
        "people": sorted(_places(group, place) for group in draft.people),
        "silent": sorted(set(_pairs(_places(group, place) for group in draft.silent))),
    }


def _places(group: Group, place: dict[int, int]) -> list[int]:
    return sorted(place[id(record)] for record in group)


def _pairs(groups: Iterable[list[int]]) -> Iterable[tuple[int, int]]:
    for group in groups:
        yield from combinations(group, 2)
