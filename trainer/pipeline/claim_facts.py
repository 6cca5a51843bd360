"""The input of entity resolution: records and pages of the snapshots, and each record's facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from trainer.config.sources import SourceConfig
from trainer.identity.canonical import preferred_first
from trainer.identity.claims import ClaimFacts
from trainer.identity.links import identify_in
from trainer.identity.references import Performers
from trainer.identity.resolve import Identities
from trainer.identity.site_table import SiteTable
from trainer.snapshots.store import PERFORMERS_FILE
from trainer.staging.parquet import read_parts
from trainer.staging.performer_facts import FACT_NAMES
from trainer.staging.rows import PerformerRecord, by_name
from trainer.staging.schemas import PERFORMERS
from trainer.state.store import Claim

Records = dict[Claim, PerformerRecord]
Sources = Mapping[str, SourceConfig]


def read_records(
    dirs: Mapping[str, Path], sources: Sources
) -> tuple[Records, list[PerformerRecord]]:
    """Return every record of the sources that create performers, tombstones included; live pages.

    `dirs`: the snapshots by source. A column that a snapshot of an older trainer lacks is null.
    """
    found: Records = {}
    pages: list[PerformerRecord] = []
    for source, directory in dirs.items():
        rows = read_parts([directory / PERFORMERS_FILE], PERFORMERS).to_pylist()
        if sources[source].creates_performers:
            found.update({(source, row["source_id"]): row for row in rows})
        else:
            pages += [row for row in rows if not row["deleted"]]
    return found, pages


def facts_of(records: Mapping[Claim, PerformerRecord], table: SiteTable) -> list[ClaimFacts]:
    """Return what entity resolution looks at, by claim."""
    return [_facts(claim, record, table) for claim, record in sorted(records.items())]


def _facts(claim: Claim, record: PerformerRecord, table: SiteTable) -> ClaimFacts:
    stated = by_name(record)
    return ClaimFacts(
        claim=claim,
        merged_ids=tuple(record["merged_ids"] or ()),
        merged_into=record["merged_into_id"],
        live=is_live(record),
        name=record["name"],
        links=tuple(identify_in(table, link["url"]) for link in record["urls"] or ()),
        aliases=tuple(record["aliases"] or ()),
        **{name: stated.get(name) for name in FACT_NAMES},
    )


def is_live(record: PerformerRecord) -> bool:
    """Whether the record stands for somebody today."""
    return not record["deleted"] and record["merged_into_id"] is None


def performers_of(
    records: Records, identities: Identities, facts: Iterable[ClaimFacts]
) -> Performers:
    """Return the live records by performer, preferred first, and which records link where."""
    live: dict[int, list[PerformerRecord]] = defaultdict(list)
    linked: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for fact in facts:
        if fact.live:
            live[identities.performer_of[fact.claim]].append(records[fact.claim])
            for link in fact.links:
                if link.site and link.id:
                    linked[link.site, link.id].append(fact.claim)
    ordered = {number: preferred_first(own) for number, own in live.items()}
    return Performers(ordered, identities.performer_of, linked)
