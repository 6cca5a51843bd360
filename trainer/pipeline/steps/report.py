"""report: the run's record is completed from what the steps left behind."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from trainer.config.sources import SourceConfig
from trainer.errors import StageFailed
from trainer.faces.select import ACCEPTED
from trainer.notify.events import tell_end
from trainer.release.diff import DIFF_JSON, Diff
from trainer.runs import update as run_record
from trainer.runs.beside import read_beside
from trainer.runs.context import Plan, RunContext
from trainer.runs.record import DiffSummary, RunRecord, SourceStats
from trainer.runs.requests import read_requests
from trainer.staging.clock import iso, now
from trainer.staging.error_groups import STEP_FAILED, StageError, grouped
from trainer.staging.manifest import StageManifest
from trainer.staging.paths import DataDir
from trainer.upkeep.metrics import write_metrics

log = logging.getLogger(__name__)

# A source that the operator gave no key is left out on purpose; it does not make a run partial.
_SOUND = ("complete", "skipped")


def run(context: RunContext) -> dict[str, Any]:
    """Complete the run's record; raises `StageFailed` when an essential step never finished."""
    plan = context.plan
    crawls = run_record.manifests(context.run.root / "staging")
    embeds = run_record.manifests(context.run.root / "embed")
    with run_record.editing(context) as current:
        selected = _result(context, "select")
        _stats(current, plan, crawls, selected.get("funnel", {}))
        _embed(current, embeds, context)
        _selection(current, selected)
        _outcome(current, context.data, context.result("publish"))
        current.errors = _errors(current, crawls, embeds)
        current.stats.errors = sum(error.count for error in current.errors)
        current.diff_from_previous = _diff(context.built_release)
        if current.diff_from_previous:
            current.stats.faces_added = current.diff_from_previous.new_faces
        current.by_links_only = _result(context, "plan_references").get("by_links_only", {})
        current.quarantined = _result(context, "resolve").get("quarantined", {})
        current.reviews = {
            kind: count
            for step in ("resolve", "select")
            for kind, count in _result(context, step).get("reviews", {}).items()
        }
        current.requests = read_requests(context.run)
        current.evaluation = context.result("evaluate")
        current.gate = context.result("gate")
        current.completed_at = iso(now())
    log.info(f"report: run {plan.run_id} is {current.status}; {current.stats.errors} errors")
    tell_end(context)
    write_metrics(context.data)
    if current.status == "failed":
        raise StageFailed(f"run {plan.run_id} failed; see {context.run.record}")
    return {"status": current.status, "release": current.release}


def _result(context: RunContext, step: str) -> dict[str, Any]:
    """Return what a step left behind; nothing where it never finished."""
    return context.result(step) or {}


def _selection(current: RunRecord, selected: dict[str, Any]) -> None:
    """Note which faces were selected, and who was not released."""
    current.stages = selected.get("stages", {})
    current.funnel = selected.get("funnel", {})
    current.stand_ins = selected.get("stand_ins", 0)
    current.absent = selected.get("absent", {})
    current.faces_per_performer = selected.get("faces_per_performer", {})


def _stats(
    current: RunRecord,
    plan: Plan,
    crawls: dict[str, StageManifest],
    funnel: dict[str, dict[str, int]],
) -> None:
    """Note per source what its crawl gave and how many of its faces were selected."""
    for source in plan.sources:
        manifest = crawls.get(source)
        current.stats.by_source[source] = (
            SourceStats(status="failed", reason="never finished")
            if manifest is None
            else _source_stats(manifest, funnel.get(source, {}), plan.sources[source])
        )
    by_source = current.stats.by_source.values()
    current.stats.performers_processed = sum(source.performers for source in by_source)


def _source_stats(
    manifest: StageManifest, rules: dict[str, int], described: SourceConfig
) -> SourceStats:
    """Return the figures of one crawl; `rules` counts the source's faces by selection rule."""
    counts = manifest.counts
    left = counts.get("pictures_left", 0) + counts.get("pages_left", 0)
    return SourceStats(
        status=manifest.status,
        reason=manifest.reason,
        performers=counts.get("performers", 0),
        pages=counts.get("pages_fetched", 0) + counts.get("pages_resumed", 0),
        **_pages(counts),
        images_fetched=counts.get("pictures_fetched", 0),
        images_known=counts.get("pictures_known_before", 0),
        images_refused=counts.get("pictures_refused", 0) + counts.get("pictures_refused_before", 0),
        images_failed=counts.get("pictures_failed", 0),
        images_not_needed=counts.get("pictures_not_needed", 0),
        images_left=counts.get("pictures_left", 0),
        pages_left=counts.get("pages_left", 0),
        hours_left=round(left / described.requests_per_minute / 60, 1),
        next_hour_performers=counts.get("next_hour_performers", 0),
        faces=sum(n for rule, n in rules.items() if rule in ACCEPTED),
        errors=sum(error.count for error in manifest.errors),
        warnings=[
            f"{check.name}: expected {check.expected}, got {check.actual}"
            for check in manifest.checks
            if not (check.ok or check.fatal)
        ],
    )


def _pages(counts: dict[str, int]) -> dict[str, int]:
    """Count a reference site's pages by what became of them, beside those that were read."""
    kinds = ("known", "not_modified", "unconfirmed", "unreadable")
    missing = counts.get("pages_missing", 0) + counts.get("pages_missing_by_name", 0)
    return {f"pages_{k}": counts.get(f"pages_{k}", 0) for k in kinds} | {"pages_missing": missing}


def _embed(current: RunRecord, embeds: dict[str, StageManifest], context: RunContext) -> None:
    """Note the embedder's figures: `pictures` and `already` of the whole snapshot, the others of
    this run."""
    planned = _result(context, "plan_embed")
    totals = {"pictures": planned.get("pictures", 0), "already": planned.get("already", 0)}
    # A job that was interrupted and done again finds its own earlier pictures in the cache.
    of_the_run = {"embedded": "pictures", "faces": "faces", "no_face": "no_face"}
    for name, count in (of_the_run | {"refused": "refused"}).items():
        totals[name] = sum(manifest.counts.get(count, 0) for manifest in embeds.values())
    beside = read_beside(context.run)
    if beside and beside.pictures:
        totals |= {"beside": beside.pictures, "beside_idle_percent": beside.idle_percent}
    current.embed = totals


def _outcome(current: RunRecord, data: DataDir, published: dict[str, Any] | None) -> None:
    """Note status and output, by what publishing did or did not do."""
    if published is None:
        current.status = "failed"
    elif not published["published"]:
        current.status = "needs_approval"
    else:
        current.release = published["release"]
        current.version = published["version"]
        current.output_db = data.performers_link(published["release"]).name
        sound = all(s.status in _SOUND for s in current.stats.by_source.values())
        current.status = "completed" if sound else "partial"


def _errors(
    current: RunRecord, crawls: dict[str, StageManifest], embeds: dict[str, StageManifest]
) -> list[StageError]:
    failed = {label for label, step in current.steps.items() if step.status == "failed"}
    # A step that failed and was done in a later attempt is no error of the run any more.
    errors = [e for e in current.errors if e.kind == STEP_FAILED and e.field in failed]
    for manifest in [*crawls.values(), *embeds.values()]:
        errors.extend(manifest.errors)
    return grouped(errors)


def _diff(release: Path) -> DiffSummary | None:
    path = release / DIFF_JSON
    if not path.exists():
        return None
    changes = Diff.model_validate_json(path.read_bytes())
    return DiffSummary(
        new_performers=changes.counts.get("added", len(changes.added)),
        removed_performers=changes.counts.get("removed", len(changes.removed)),
        merged_performers=changes.counts.get("merged", len(changes.merged)),
        new_faces=changes.faces_added,
        removed_faces=changes.faces_removed,
    )
