"""resolve: records become performers with permanent ids; who may be in a release at all."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pyarrow as pa

from trainer.config.sources import SourceConfig, load_sources
from trainer.errors import StageFailed
from trainer.identity.canonical import canonical
from trainer.identity.resolve import ClaimFacts, Identities, resolve
from trainer.pipeline.context import RunContext
from trainer.pipeline.record import manifests
from trainer.pipeline.run import Say
from trainer.pipeline.snapshots import snapshot_dirs
from trainer.policy.adults import AgeFacts, judge
from trainer.release.inputs import PERFORMER_INPUT
from trainer.staging.atomic import write_json
from trainer.staging.parquet import read_table, write_rows
from trainer.state.store import Claim, read_identities

Records = dict[Claim, dict[str, Any]]

QUARANTINE = pa.schema(
    [
        pa.field("performer_id", pa.int64(), nullable=False),
        pa.field("universal_id", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)


def run(context: RunContext, say: Say) -> dict[str, Any]:
    records = _records(context)
    if not records:
        reasons = [
            f"{source}: {manifest.status}: {manifest.reason}"
            for source, manifest in manifests(context.run.root / "staging").items()
        ]
        raise StageFailed(
            "no source has ever been crawled successfully, so there is nothing to release; "
            + "; ".join(reasons)
        )
    facts = [_facts(claim, record) for claim, record in records.items()]
    identities = resolve(facts, read_identities(context.data.state_db))
    sources = load_sources(context.settings.data_dir) | context.plan.sources
    rows = _performers(records, identities, sources, context.plan.started_at)
    allowed, quarantined = _adults(rows)
    _write(context, identities, allowed, quarantined)
    figures = {
        "records": len(records),
        "performers": len(allowed),
        "new_ids": len(identities.new_ids),
        "merges": len(identities.merges),
        "quarantined": dict(Counter(row["reason"] for row in quarantined)),
    }
    say(f"resolve: {figures}")
    return figures


def _records(context: RunContext) -> Records:
    """Every record of every source's snapshot, tombstones included."""
    found: Records = {}
    for source, directory in snapshot_dirs(context).items():
        for record in read_table(directory / "performers.parquet").to_pylist():
            found[source, record["source_id"]] = record
    return found


def _facts(claim: Claim, record: dict[str, Any]) -> ClaimFacts:
    return ClaimFacts(
        claim=claim,
        merged_ids=tuple(record["merged_ids"] or ()),
        merged_into=record["merged_into_id"],
        live=_is_live(record),
    )


def _is_live(record: dict[str, Any]) -> bool:
    return not record["deleted"] and record["merged_into_id"] is None


def _performers(
    records: Records,
    identities: Identities,
    sources: dict[str, SourceConfig],
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
        canonical(number, live[number], gone[number], sources, run_started_at)
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
    allowed: list[dict[str, Any]],
    quarantined: list[dict[str, Any]],
) -> None:
    directory = context.run.resolve
    write_rows(directory / "performers.parquet", allowed, PERFORMER_INPUT)
    write_rows(directory / "quarantine.parquet", quarantined, QUARANTINE)
    write_json(
        directory / "identities.json",
        {
            "claims": [
                [*claim, number] for claim, number in sorted(identities.performer_of.items())
            ],
            "new_ids": identities.new_ids,
            "merges": [vars(merge) for merge in identities.merges],
        },
    )
