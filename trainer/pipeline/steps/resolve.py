"""resolve: records become performers with permanent ids; who may be in a release at all."""

from __future__ import annotations

import gc
import logging
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trainer.adults.quarantine import Sorted, sort_out
from trainer.errors import StageFailed
from trainer.exclusions.apply import leave_out
from trainer.exclusions.crawl_notes import exclusions_of
from trainer.exclusions.list_file import bring_in
from trainer.identity.canonical import Performer, canonical
from trainer.identity.claims import ClaimFacts
from trainer.identity.confirmations import confirmed_pages
from trainer.identity.decisions import read_identity_decisions
from trainer.identity.evidence_items import Conflict
from trainer.identity.link_conflicts import link_reviews
from trainer.identity.matching import find_joins
from trainer.identity.references import Attached, Performers, attach
from trainer.identity.resolve import Identities, resolve
from trainer.identity.reviews import Review, write_reviews
from trainer.identity.site_table import site_table
from trainer.identity.split_reviews import split_reviews
from trainer.pipeline.claim_facts import (
    Records,
    Sources,
    facts_of,
    is_live,
    performers_of,
    read_records,
)
from trainer.pipeline.record_faces import record_faces
from trainer.reasons import in_words
from trainer.release.inputs import PERFORMER_INPUT
from trainer.runs.context import RunContext
from trainer.runs.update import manifests
from trainer.snapshots.current import require_all_snapshots, snapshot_dirs
from trainer.staging.atomic import write_sealed
from trainer.staging.parquet import write_rows
from trainer.staging.paths import RunDir
from trainer.staging.rows import PerformerRecord
from trainer.state.decisions import digest
from trainer.state.guard import require_state_of_releases
from trainer.state.store import Claim, read_identities

log = logging.getLogger(__name__)


def run(context: RunContext) -> dict[str, Any]:
    """Write performers, their ids and what people have to look at; return the figures."""
    with uncollected():
        return _run(context)


@contextmanager
def uncollected() -> Iterator[None]:
    """Python's search for dead cycles goes through millions of records again and again, and finds
    none: a sixth of the step's time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _run(context: RunContext) -> dict[str, Any]:
    data, run = context.data, context.run
    require_state_of_releases(data.state_db)
    bring_in(data)
    sources, dirs = context.sources, snapshot_dirs(context)
    decisions = digest(data)  # before they are read: a later one is noticed
    records, pages = read_records(dirs, sources)
    if not records:
        raise StageFailed(_why_nothing(run))
    require_all_snapshots(data, dirs)
    known = read_identities(data.state_db)
    records, pages, excluded = leave_out(
        records, pages, dirs.values(), exclusions_of(context), known
    )
    facts = facts_of(records, site_table(sources))
    decided = read_identity_decisions(data)
    cache = data.faces(context.plan.pack_id)
    joins, conflicts = find_joins(
        facts, known, decided, lambda claims: record_faces(cache, dirs.values(), records, claims)
    )
    identities = resolve(facts, known, joins, decided)
    performers = performers_of(records, identities, facts)
    attached = attach(pages, performers, known, confirmed_pages(decided))
    rows = _rows(records, identities, performers, attached, facts, sources, context.plan.started_at)
    stated = {n: [*own, *attached.pages.get(n, ())] for n, own in performers.records.items()}
    adults = sort_out(rows, stated)
    reviews = [_conflict_review(conflict, identities) for conflict in conflicts]
    reviews += split_reviews(facts, known, identities.performer_of, decided)
    reviews += _link_reviews(facts, identities, reviews, pages, attached)
    counts = write_reviews(run.resolve, [*reviews, *attached.reviews])
    _write(run.resolve, identities, attached, adults)
    figures = {
        "decisions": decisions,
        "records": len(records),
        "excluded": excluded,
        "performers": len(adults.allowed),
        "new_ids": len(identities.new_ids),
        "joins": dict(sorted(Counter(join.evidence.split()[0] for join in joins).items())),
        "merges": len(identities.merges),
        "revived": len(identities.revived),
        "pages_attached": len(attached.performer_of),
        "pages_dropped": dict(sorted(attached.dropped.items())),
        "quarantined": dict(Counter(row["reason"] for row in adults.quarantined)),
        "reviews": counts,
    }
    log.info(f"resolve: {in_words(figures)}")
    return figures


def _why_nothing(run: RunDir) -> str:
    reasons = [
        f"{source}: {manifest.status}: {manifest.reason}"
        for source, manifest in manifests(run.root / "staging").items()
    ]
    return (
        "no source that lists performers has ever been crawled successfully, so there is nothing "
        "to release: mend what its crawl says, and build again "
        f"({'; '.join(reasons) or 'none ran'})"
    )


def _conflict_review(conflict: Conflict, identities: Identities) -> Review:
    item = conflict.item
    return Review(
        kind=conflict.kind,
        source=item.claims[0][0],
        url=item.url,
        performers=tuple(sorted({identities.performer_of[claim] for claim in item.claims})),
        text=f"{item.text}, but {conflict.problem}",
    )


def _link_reviews(
    facts: list[ClaimFacts],
    identities: Identities,
    reviews: list[Review],
    pages: list[PerformerRecord],
    attached: Attached,
) -> list[Review]:
    """Links that two performers have, but those that `reviews` or a page's owner settle."""
    shown = {review.url for review in reviews}
    seen = {(page["source"], page["source_id"]) for page in pages} - attached.contested
    return link_reviews(facts, identities.performer_of, shown, seen)


def _rows(
    records: Records,
    identities: Identities,
    performers: Performers,
    attached: Attached,
    facts: list[ClaimFacts],
    sources: Sources,
    run_started_at: str,
) -> list[Performer]:
    """Return one row per performer with at least one live record, by id."""
    gone = _gone(records, identities)
    links = {fact.claim: fact.links for fact in facts}
    return [
        canonical(
            number,
            own,
            gone[number],
            sources,
            run_started_at,
            attached.pages.get(number, ()),
            links,
        )
        for number, own in sorted(performers.records.items())
    ]


def _gone(records: Records, identities: Identities) -> dict[int, list[Claim]]:
    """Return, by performer, the claims without a live record."""
    gone: dict[int, list[Claim]] = defaultdict(list)
    for claim, number in identities.performer_of.items():
        if claim not in records or not is_live(records[claim]):
            gone[number].append(claim)
    return gone


def _write(directory: Path, identities: Identities, attached: Attached, adults: Sorted) -> None:
    claims = identities.performer_of | attached.performer_of
    evidence = identities.evidence | attached.evidence
    write_rows(directory / "performers.parquet", adults.allowed, PERFORMER_INPUT)
    adults.write(directory)
    write_sealed(
        directory / "identities.json",
        {
            "claims": [[*claim, number] for claim, number in sorted(claims.items())],
            "evidence": [[*claim, text] for claim, text in sorted(evidence.items())],
            "new_ids": identities.new_ids,
            "revived": identities.revived,
            "merges": [vars(merge) for merge in identities.merges],
        },
        indent=None,
    )
