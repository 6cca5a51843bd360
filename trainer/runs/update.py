"""The run's record (`run.json`), kept up to date by the steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trainer.runs.context import Plan, RunContext
from trainer.runs.record import (
    RunRecord,
    StepRecord,
    read_record,
    write_record,
    write_runs_json,
)
from trainer.staging.error_groups import STEP_FAILED, StageError
from trainer.staging.lock import short_lock
from trainer.staging.manifest import StageManifest


def start(context: RunContext, plan: Plan) -> None:
    """A fresh record, or a retry of a failed run: running again, its errors gone."""
    with editing(context, plan.started_at) as record:
        record.status = "running"
        record.started_at = plan.started_at
        record.completed_at = None
        record.errors = []
        record.params = plan.params.model_dump(mode="json")
        record.model_pack = plan.pack_id


def step_done(context: RunContext, label: str, seconds: float) -> None:
    """Note in the run's record that a step was done, and how long it took."""
    with editing(context) as record:
        record.steps[label] = StepRecord(status="done", seconds=seconds)


def fail(context: RunContext, step: str, message: str, completed_at: str) -> None:
    """The run failed in `step`; a run that never got a plan gets a record all the same."""
    with editing(context, completed_at) as record:
        record.status = "failed"
        record.completed_at = completed_at
        record.steps[step] = StepRecord(status="failed")
        failed = StageError(kind=STEP_FAILED, field=step, message=message)
        record.errors = [*record.errors, failed]
        record.stats.errors = sum(error.count for error in record.errors)


@contextmanager
def editing(context: RunContext, started_at: str | None = None) -> Iterator[RunRecord]:
    """Read, change, write back; one process at a time, since mapped tasks run side by side."""
    context.run.root.mkdir(parents=True, exist_ok=True)
    with short_lock(context.run.root / ".record.lock"):
        if context.run.record.exists() or started_at is None:
            record = read_record(context.run.record)
        else:
            record = RunRecord(id=context.run.run_id, started_at=started_at, status="running")
        yield record
        write_record(context.run, record)
        write_runs_json(context.data)


def manifests(directory: Path) -> dict[str, StageManifest]:
    """The `_RUN.json` files one level below `directory`, by directory name."""
    found = {}
    for child in sorted(p for p in directory.glob("*") if p.is_dir()):
        manifest = StageManifest.read(child)
        if manifest is not None:
            found[child.name] = manifest
    return found
