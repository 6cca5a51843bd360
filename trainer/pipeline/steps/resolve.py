"""resolve: records become performers with permanent ids; who may be in a release at all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from trainer.config.sources import SourceConfig, load_sources
from trainer.errors import StageFailed
from trainer.identity.canonical import canonical, preferred_first
from trainer.identity.claims import ClaimFacts
from trainer.identity.evidence import Conflict, find_joins
from trainer.identity.links import identify_in
from trainer.identity.references import Attached, Performers, attach
from trainer.identity.resolve import Identities, resolve
from trainer.identity.reviews import Review, write_reviews
from trainer.identity.site_table import site_table
from trainer.pipeline.context import RunContext
from trainer.pipeline.exclude import leave_out
from trainer.pipeline.record import manifests
from trainer.pipeline.run import Say
from trainer.pipeline.snapshots import snapshot_dirs
from trainer.policy.adults import AgeFacts, judge
from trainer.release.inputs import PERFORMER_INPUT
from trainer.staging.atomic import write_json
from trainer.staging.parquet import read_table, write_rows
from trainer.state.decisions import digest
from trainer.state.store import Claim, read_identities

Records = dict[Claim, dict[str, Any]]
Sources = Mapping[str, SourceConfig]

QUARANTINE = pa.schema(
    [
        pa.field("performer_id", pa.int64(), nullable=False),
        pa.field("universal_id", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)


def run(context: RunContext, say: Say) -> dict[str, Any]:
    sources = load_sources(context.settings.data_dir) | context.plan.sources
    decisions = digest(context.data)  # before they are read: a later one is noticed
    records, pages = _records(context, sources)
    if not records:
        raise StageFailed(_why_nothing(context))
    known = read_identities(context.data.state_db)
    records, pages, excluded = leave_out(context, records, pages, known)
    facts = _facts(records, sources)
    joins, conflicts = find_joins(facts, known)
    identities = resolve(facts, known, joins)
    performers = _performers(records, identities, facts)
    attached = attach(pages, performers, known)
    rows = _rows(records, identities, attached, sources, context.plan.started_at)
    allowed, quarantined = _adults(rows)
    reviews = [_conflict_review(conflict, identities) for conflict in conflicts]
    counts = write_reviews(context.run.resolve, [*reviews, *attached.reviews])
    _write(context, identities, attached, allowed, quarantined)
    figures = {
        "decisions": decisions,
        "records": len(records),
        "excluded": excluded,
        "performers": len(allowed),
        "new_ids": len(identities.new_ids),
        "joins": len(joins),
        "merges": len(identities.merges),
        "pages_attached": len(attached.performer_of),
        "pages_dropped": dict(sorted(attached.dropped.items())),
        "quarantined": dict(Counter(row["reason"] for row in quarantined)),
        "reviews": counts,
    }
    say(f"resolve: {figures}")
    return figures


def _why_nothing(context: RunContext) -> str:
    reasons = [
        f"{source}: {manifest.status}: {manifest.reason}"
        for source, manifest in manifests(context.run.root / "staging").items()
    ]
    return (
        "no source that lists performers has ever been crawled successfully, so there is nothing "
        f"to release; {'; '.join(reasons)}"
    )


def _records(context: RunContext, sources: Sources) -> tuple[Records, list[dict[str, Any]]]:
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


def _facts(records: Records, sources: Sources) -> list[ClaimFacts]:
    table = site_table(sources)
    return [
        ClaimFacts(
            claim=claim,
            merged_ids=tuple(record["merged_ids"] or ()),
            merged_into=record["merged_into_id"],
            live=_is_live(record),
            name=record["name"],
            birth_date=record["birth_date"],
            gender=record["gender"],
            links=tuple(identify_in(table, link["url"]) for link in record["urls"] or ()),
        )
        for claim, record in sorted(records.items())
    ]


def _is_live(record: dict[str, Any]) -> bool:
    return not record["deleted"] and record["merged_into_id"] is None


def _performers(
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


def _conflict_review(conflict: Conflict, identities: Identities) -> Review:
    clue = conflict.clue
    return Review(
        kind=conflict.kind,
        source=clue.claims[0][0],
        url=clue.url,
        performers=tuple(sorted({identities.performer_of[claim] for claim in clue.claims})),
        text=f"{clue.text}, but {conflict.problem}",
    )


def _rows(
    records: Records,
    identities: Identities,
    attached: Attached,
    sources: Sources,
    run_started_at: str,
) -> list[dict[str, Any]]:
    """One row a performer with at least one live record, by id."""
    live: dict[int, list[dict[str, Any]]] = defaultdict(list)
    gone: dict[int, list[Claim]] = defaultdict(list)
    for claim, number in identities.performer_of.items():
        if claim in records and _is_live(records[claim]):
            live[number].append(records[claim])
        else:
            gone[number].append(claim)
    return [
        canonical(
            number,
            live[number],
            gone[number],
            sources,
            run_started_at,
            attached.pages.get(number, ()),
        )
        for number in sorted(live)
    ]


def _adults(
    rows: list[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    allowed, quarantined = [], []
    for row in rows:
        facts = AgeFacts(row["birth_date"], row["career_start_year"], row["created_at"])
        verdict = judge(facts)
        if verdict == "adult":
            allowed.append(row)
        else:
            keys = ("performer_id", "universal_id")
            quarantined.append({**{key: row[key] for key in keys}, "reason": verdict})
    return allowed, quarantined


def _write(
    context: RunContext,
    identities: Identities,
    attached: Attached,
    allowed: list[dict[str, Any]],
    quarantined: list[dict[str, Any]],
) -> None:
    directory = context.run.resolve
    claims = identities.performer_of | attached.performer_of
    evidence = identities.evidence | attached.evidence
    write_rows(directory / "performers.parquet", allowed, PERFORMER_INPUT)
    write_rows(directory / "quarantine.parquet", quarantined, QUARANTINE)
    write_json(
        directory / "identities.json",
        {
            "claims": [[*claim, number] for claim, number in sorted(claims.items())],
            "evidence": [[*claim, text] for claim, text in sorted(evidence.items())],
            "new_ids": identities.new_ids,
            "merges": [vars(merge) for merge in identities.merges],
        },
    )
