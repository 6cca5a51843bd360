"""Which performers may be in a release, by what all their records and pages state of their age;
and whose each record and page is, in quarantine or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

import polars as pl
import pyarrow as pa

from trainer.adults.rules import AgeFacts, adult_from, judge
from trainer.errors import StageFailed
from trainer.identity.canonical import Performer
from trainer.staging.frames import read_frame
from trainer.staging.parquet import write_rows, write_table
from trainer.staging.rows import PerformerRecord

QUARANTINE_FILE = "quarantine.parquet"
OWNERS_FILE = "owners.parquet"
QUARANTINE = pa.schema(
    [
        pa.field("performer_id", pa.int64(), nullable=False),
        pa.field("universal_id", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
# One row per record or page of a performer. Those of people in quarantine are here, too: a picture
# that is theirs is no other performer's.
OWNERS = pa.schema(
    [
        pa.field("performer_id", pa.int64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("source_id", pa.string(), nullable=False),
        pa.field("quarantined", pa.bool_(), nullable=False),
        ("adult_from", pa.string()),  # the last day on which the person can have become 18
    ]
)


class QuarantineRow(TypedDict):
    """A performer who is in no release, and why."""

    performer_id: int
    universal_id: str
    reason: str


@dataclass
class Sorted:
    """`allowed` and `quarantined` rows of performers; `owners` by column."""

    allowed: list[Performer] = field(default_factory=list)
    quarantined: list[QuarantineRow] = field(default_factory=list)
    owners: dict[str, list[Any]] = field(default_factory=lambda: {n: [] for n in OWNERS.names})

    def write(self, directory: Path) -> None:
        """Write the files of the people in quarantine and of the owners."""
        write_rows(directory / QUARANTINE_FILE, self.quarantined, QUARANTINE)
        write_table(directory / OWNERS_FILE, pa.table(self.owners, schema=OWNERS))


def sort_out(
    performers: Iterable[Performer], records: Mapping[int, Iterable[PerformerRecord]]
) -> Sorted:
    """Judge each performer by `records`, the live records and attached pages by performer.

    Not by the performer's row: it has one value per fact, and fills in what nobody stated.
    """
    result = Sorted()
    for performer in performers:
        number, universal = performer["performer_id"], performer["universal_id"]
        facts = [
            AgeFacts(record["birth_date"], record["career_start_year"], record["created_at"])
            for record in records[number]
        ]
        outcome = judge(facts)
        if outcome == "adult":
            result.allowed.append(performer)
        else:
            result.quarantined.append(
                {"performer_id": number, "universal_id": universal, "reason": outcome}
            )
        _add_owners(result.owners, performer, outcome != "adult", adult_from(facts))
    return result


def _add_owners(
    owners: dict[str, list[Any]], performer: Performer, quarantined: bool, day: str | None
) -> None:
    own = [*performer["claims"], *performer["references"]]
    owners["performer_id"] += [performer["performer_id"]] * len(own)
    owners["source"] += [record["source"] for record in own]
    owners["source_id"] += [record["source_id"] for record in own]
    owners["quarantined"] += [quarantined] * len(own)
    owners["adult_from"] += [day] * len(own)


def read_owners(directory: Path) -> pl.DataFrame:
    """Return OWNERS as `write` left them; raises `StageFailed` where an older trainer resolved."""
    if not (directory / OWNERS_FILE).exists():
        raise StageFailed(f"{directory} has no {OWNERS_FILE}; run again from the step `resolve`")
    return read_frame(directory / OWNERS_FILE)
