"""report: the run's record is completed from what the steps left behind."""

from __future__ import annotations

from typing import Any

from trainer.errors import StageFailed
from trainer.pipeline import record
from trainer.pipeline.context import Plan, RunContext
from trainer.pipeline.run import Say
from trainer.staging.atomic import read_json
from trainer.staging.clock import iso, now
from trainer.staging.manifest import StageError, StageManifest
from trainer.staging.records import RunRecord, SourceStats


def run(context: RunContext, say: Say) -> dict[str, Any]:
    """Fill the record; raises `StageFailed` when an essential step never finished."""
    plan = context.plan
    current = record.update(context)
    crawls = record.manifests(context.run.root / "staging")
    embeds = record.manifests(context.run.root / "embed")
    _stats(current, plan, crawls, context)
    _embed(current, embeds, context)
    _outcome(current, plan, crawls, context)
    record.update(
        context,
        stats=current.stats,
        embed=current.embed,
        errors=current.errors,
        status=current.status,
        completed_at=iso(now()),
        diff_from_previous=current.diff_from_previous,
        evaluation=context.result("evaluate"),
        gate=context.result("gate"),
        release=current.release,
        version=current.version,
        output_db=current.output_db,
    )
    say(f"report: run {plan.run_id} is {current.status}; {current.stats.errors} errors")
    if current.status == "failed":
        raise StageFailed(f"run {plan.run_id} failed; see {context.run.record}")
    return {"status": current.status, "release": current.release}


def _stats(
    current: RunRecord, plan: Plan, crawls: dict[str, StageManifest], context: RunContext
) -> None:
    funnel = (context.result("select") or {}).get("funnel", {})
    for source in plan.sources:
        manifest = crawls.get(source)
        if manifest is None:
            current.stats.by_source[source] = SourceStats(status="failed", reason="never finished")
            continue
        counts = manifest.counts
        taken = funnel.get(source, {})
        current.stats.by_source[source] = SourceStats(
            status=manifest.status,
            reason=manifest.reason,
            performers=counts.get("performers", 0),
            pages=counts.get("pages", 0),
            images_fetched=counts.get("images_fetched", 0),
            images_known=counts.get("images_known", 0),
            images_refused=counts.get("images_refused", 0),
            images_failed=counts.get("images_failed", 0),
            faces=sum(n for rule, n in taken.items() if rule in _TAKEN),
            errors=sum(error.count for error in manifest.errors),
        )


_TAKEN = ("single_face", "agrees_with_single_faces")


def _embed(current: RunRecord, embeds: dict[str, StageManifest], context: RunContext) -> None:
    planned = context.result("plan_embed") or {}
    totals = {"pictures": planned.get("pictures", 0), "already": planned.get("already", 0)}
    for name in ("embedded", "faces", "no_face", "refused"):
        totals[name] = sum(manifest.counts.get(name, 0) for manifest in embeds.values())
    current.embed = totals


def _outcome(
    current: RunRecord, plan: Plan, crawls: dict[str, StageManifest], context: RunContext
) -> None:
    embeds = record.manifests(context.run.root / "embed")
    errors: list[StageError] = [e for e in current.errors if e.kind == "step_failed"]
    for manifest in [*crawls.values(), *embeds.values()]:
        errors.extend(manifest.errors)
    current.errors = errors
    by_source = current.stats.by_source.values()
    current.stats.performers_processed = sum(source.performers for source in by_source)
    current.stats.errors = sum(error.count for error in errors)
    published = context.result("publish")
    diff = context.result("evaluate") and context.run.release.joinpath("diff.json")
    _apply_diff(current, context, plan)
    if published is None:
        current.status = "failed"
    elif published["published"]:
        current.release = published["release"]
        current.version = published["version"]
        current.output_db = f"performers_{plan.version_id}.db"
        sound = all(source.status == "complete" for source in by_source)
        current.status = "completed" if sound else "partial"
    else:
        current.status = "needs_approval"
    del diff


def _apply_diff(current: RunRecord, context: RunContext, plan: Plan) -> None:
    for place in (context.data.release(plan.version_id), context.run.release):
        path = place / "diff.json"
        if path.exists():
            current.diff_from_previous = summary(read_json(path))
            current.stats.faces_added = current.diff_from_previous["new_faces"]
            return


def summary(diff: dict[str, Any]) -> dict[str, int]:
    """The counts of a diff that the record carries."""
    performers, faces = diff["performers"], diff["faces"]
    return {
        "new_performers": len(performers["added"]),
        "removed_performers": len(performers["removed"]),
        "merged_performers": len(performers["merged"]),
        "new_faces": int(faces["added"]),
        "removed_faces": int(faces["removed"]),
    }
