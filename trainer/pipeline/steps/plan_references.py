"""plan_references: fold the creators' crawls and list the pages to ask reference sites for."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainer.crawl.needs import face_counts
from trainer.crawl.targets import RECORD_COLUMNS, Targets, live
from trainer.crawl.turns import SINCE, turns_since, without_later
from trainer.exclusions.apply import RecordRows, excluded_claims
from trainer.exclusions.crawl_notes import exclusions_of
from trainer.exclusions.entries import read_exclusions
from trainer.identity.site_table import site_table
from trainer.reasons import in_words
from trainer.runs.context import Plan, RunContext
from trainer.snapshots.current import snapshot_dirs
from trainer.snapshots.store import PERFORMERS_FILE, fold_snapshot, last_snapshot
from trainer.staging.clock import iso, parse_iso
from trainer.staging.parquet import read_table, stream_rows, write_rows
from trainer.staging.paths import DataDir
from trainer.staging.schemas import TARGETS
from trainer.state.store import read_identities

log = logging.getLogger(__name__)


def run(context: RunContext) -> dict[str, Any]:
    """Fold the creators' crawls and write the target pages per reference site; return their
    counts."""
    plan, now = context.plan, parse_iso(context.plan.started_at)
    excluded = read_exclusions(context.data).claims
    for source in plan.creators:
        fold_snapshot(context, source, excluded=excluded)
    records = list(_creators_snapshots(context))
    references = plan.references
    if not references or not records:
        return {"references": sorted(references), "targets": {}}
    targets = Targets(references, site_table(plan.sources), plan.params.reference_mode == "name")
    known = read_identities(context.data.state_db)
    out = excluded_claims(RecordRows(records), exclusions_of(context), known)
    for path in records:
        for record in live(stream_rows(path, list(RECORD_COLUMNS))):
            if (record["source"], record["source_id"]) not in out:
                targets.add(record)
    cache = context.data.faces(plan.pack_id)
    faces = face_counts(cache, {path.parent.name: path.parent for path in records})
    counts, later, since = {}, {}, {}
    for source in references:
        had, begin = _known_pages(context.data, source), turns_since(context, source)
        rows = targets.rows(source, had, faces)
        asked = without_later(rows, references[source], had, faces, begin, now)
        write_rows(context.run.targets(source), asked, TARGETS)
        counts[source], later[source] = len(asked), len(rows) - len(asked)
        since[source] = iso(begin or now)
    log.info(f"plan_references: {in_words(counts)}")
    if any(later.values()):
        log.info(
            "plan_references: pages of performers who lack nothing, left to later builds within "
            f"`revisit_days`: {in_words(later)}"
        )
    left = _left_to_links(plan)
    for source, reason in left.items():
        log.info(f"plan_references: {source} is asked by links only, not by name: {reason}")
    return {
        "references": sorted(references),
        "targets": counts,
        "later": later,
        SINCE: since,
        "by_links_only": left,
    }


def _left_to_links(plan: Plan) -> dict[str, str]:
    """Where pages are looked for by name: the sites that can't be asked so, and why."""
    if plan.params.reference_mode != "name":
        return {}
    pages = {key: source.page for key, source in plan.references.items()}
    return {
        key: page.not_by_name or "its configuration gives no `slug`"
        for key, page in sorted(pages.items())
        if page is not None and page.slug is None
    }


def _creators_snapshots(context: RunContext) -> Iterator[Path]:
    """performers.parquet of every source that lists performers, this run's or the last good."""
    known = context.sources
    for source, directory in snapshot_dirs(context).items():
        if source in known and known[source].creates_performers:
            yield directory / PERFORMERS_FILE


def _known_pages(data: DataDir, source: str) -> set[str]:
    """Ids of pages that were read before."""
    base = last_snapshot(data, source)
    if base is None:
        return set()
    return set(read_table(base / PERFORMERS_FILE, ["source_id"])["source_id"].to_pylist())
