"""The run's record (`run.json`), kept up to date by the steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainer.pipeline.context import Plan, RunContext
from trainer.staging.manifest import StageError, StageManifest
from trainer.staging.records import (
    RunRecord,
    SourceStats,
    StepRecord,
    read_record,
    write_record,
    write_runs_json,
)


def start(context: RunContext, plan: Plan) -> None:
    """A fresh record, or a retry of a failed run: running again, its errors gone."""
    record = (
        read_record(context.run.record)
        if context.run.record.exists()
        else RunRecord(id=plan.run_id, started_at=plan.started_at, status="running")
    )
    record.status = "running"
    record.completed_at = None
    record.errors = []
    record.params = plan.params.model_dump(mode="json")
    record.model_pack = plan.pack_id
    for source, reason in plan.skipped.items():
        record.stats.by_source[source] = SourceStats(status="skipped", reason=reason)
    save(context, record)


def step_done(context: RunContext, label: str, seconds: float) -> None:
    record = read_record(context.run.record)
    record.steps[label] = StepRecord(status="done", seconds=seconds)
    save(context, record)


def fail(context: RunContext, step: str, message: str, completed_at: str) -> None:
    """The run failed in `step`; a run that never got a plan gets a record all the same."""
    record = (
        read_record(context.run.record)
        if context.run.record.exists()
        else RunRecord(id=context.run.run_id, started_at=completed_at, status="failed")
    )
    record.status = "failed"
    record.completed_at = completed_at
    record.steps[step] = StepRecord(status="failed")
    record.errors.append(StageError(kind="step_failed", field=step, message=message))
    record.stats.errors = sum(error.count for error in record.errors)
    save(context, record)


def update(context: RunContext, **changes: Any) -> RunRecord:
    record = read_record(context.run.record)
    for name, value in changes.items():
        setattr(record, name, value)
    save(context, record)
    return record


def manifests(directory: Path) -> dict[str, StageManifest]:
    """The `_RUN.json` files one level below `directory`, by directory name."""
    found = {}
    for child in sorted(p for p in directory.glob("*") if p.is_dir()):
        manifest = StageManifest.read(child)
        if manifest is not None:
            found[child.name] = manifest
    return found


def save(context: RunContext, record: RunRecord) -> None:
    write_record(context.run, record)
    write_runs_json(context.data)
