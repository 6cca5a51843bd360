"""Who of the performers may be in a release, by all that their records and pages say of their age;
and whose each record and page is, kept out or not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from trainer.adults.rules import AgeFacts, adult_from, judge
from trainer.errors import StageFailed
from trainer.staging.parquet import read_table, write_rows, write_table

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
Row = dict[str, Any]


@dataclass
class Sorted:
    """`allowed` and `quarantined` rows of performers; `owners` by column."""

    allowed: list[Row] = field(default_factory=list)
    quarantined: list[Row] = field(default_factory=list)
    owners: dict[str, list[Any]] = field(default_factory=lambda: {n: [] for n in OWNERS.names})

    def write(self, directory: Path) -> None:
        """The files of the people in quarantine and of the owners."""
        write_rows(directory / QUARANTINE_FILE, self.quarantined, QUARANTINE)
        write_table(directory / OWNERS_FILE, pa.table(self.owners, schema=OWNERS))


def sort_out(rows: Iterable[Row], told: Mapping[int, Iterable[Mapping[str, Any]]]) -> Sorted:
    """Judge each performer's row by `told`, the live records and attached pages by performer.

    Not by the row: it has one value a fact, and fills in what nobody said.
    """
    result = Sorted()
    for row in rows:
        number = row["performer_id"]
        facts = [
            AgeFacts(one["birth_date"], one["career_start_year"], one["created_at"])
            for one in told[number]
        ]
        verdict = judge(facts)
        if verdict == "adult":
            result.allowed.append(row)
        else:
            universal = row["universal_id"]
            kept_out = {"performer_id": number, "universal_id": universal, "reason": verdict}
            result.quarantined.append(kept_out)
        _add_owners(result.owners, row, verdict != "adult", adult_from(facts))
    return result


def _add_owners(owners: dict[str, list[Any]], row: Row, quarantined: bool, day: str | None) -> None:
    own = [*row["claims"], *row["references"]]
    owners["performer_id"] += [row["performer_id"]] * len(own)
    owners["source"] += [one["source"] for one in own]
    owners["source_id"] += [one["source_id"] for one in own]
    owners["quarantined"] += [quarantined] * len(own)
    owners["adult_from"] += [day] * len(own)


def read_owners(directory: Path) -> pl.DataFrame:
    """OWNERS as `write` left them; raises `StageFailed` where an older trainer resolved."""
    if not (directory / OWNERS_FILE).exists():
        raise StageFailed(f"{directory} has no {OWNERS_FILE}; run again from the step `resolve`")
    return pl.DataFrame(pl.from_arrow(read_table(directory / OWNERS_FILE)))
