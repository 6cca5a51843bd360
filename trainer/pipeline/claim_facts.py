"""What resolving starts from: records and pages of the snapshots, and the facts of each record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from trainer.config.sources import SourceConfig
from trainer.identity.canonical import preferred_first
from trainer.identity.claims import ClaimFacts
from trainer.identity.links import identify_in
from trainer.identity.references import Performers
from trainer.identity.resolve import Identities
from trainer.identity.site_table import SiteTable
from trainer.runs.context import RunContext
from trainer.snapshots.current import snapshot_dirs
from trainer.staging.parquet import read_table
from trainer.state.store import Claim

Records = dict[Claim, dict[str, Any]]
Sources = Mapping[str, SourceConfig]
_FURTHER = ("country", "ethnicity", "height_cm", "eye_color", "career_start_year")


def read_records(context: RunContext, sources: Sources) -> tuple[Records, list[dict[str, Any]]]:
    """Every record of the sources that create performers, tombstones included; live pages."""
    found: Records = {}
    pages: list[dict[str, Any]] = []
    for source, directory in snapshot_dirs(context).items():
        rows = read_table(directory / "performers.parquet").to_pylist()
        if sources[source].creates_performers:
            found.update({(source, row["source_id"]): row for row in rows})
        else:
            pages += [row for row in rows if not row["deleted"]]
    return found, pages


def facts_of(records: Records, table: SiteTable) -> list[ClaimFacts]:
    return [_facts(claim, record, table) for claim, record in sorted(records.items())]


def _facts(claim: Claim, record: dict[str, Any], table: SiteTable) -> ClaimFacts:
    """The links' identities stay with the record, too: `canonical` needs them again."""
    links = tuple(identify_in(table, link["url"]) for link in record["urls"] or ())
    record["links"] = links
    return ClaimFacts(
        claim=claim,
        merged_ids=tuple(record["merged_ids"] or ()),
        merged_into=record["merged_into_id"],
        live=is_live(record),
        name=record["name"],
        birth_date=record["birth_date"],
        gender=record["gender"],
        links=links,
        aliases=tuple(record["aliases"] or ()),
        **{name: record[name] for name in _FURTHER},
    )


def is_live(record: dict[str, Any]) -> bool:
    return not record["deleted"] and record["merged_into_id"] is None


def performers_of(
    records: Records, identities: Identities, facts: Iterable[ClaimFacts]
) -> Performers:
    """The live records by performer, preferred first; who links where."""
    live: dict[int, list[dict[str, Any]]] = defaultdict(list)
    linked: dict[tuple[str, str], list[Claim]] = defaultdict(list)
    for fact in facts:
        if fact.live:
            live[identities.performer_of[fact.claim]].append(records[fact.claim])
            for link in fact.links:
                if link.site and link.id:
                    linked[link.site, link.id].append(fact.claim)
    ordered = {number: preferred_first(own) for number, own in live.items()}
    return Performers(ordered, identities.performer_of, linked)
