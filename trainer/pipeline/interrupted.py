"""Runs that were interrupted: their record says so, and what of them is kept."""

from __future__ import annotations

from trainer.errors import TrainerError
from trainer.notify.events import tell_end
from trainer.runs import update as run_record
from trainer.runs.activity import progress_files
from trainer.runs.context import RunContext
from trainer.runs.record import list_records, read_record
from trainer.staging.clock import iso, now
from trainer.staging.error_groups import STOPPED, StageError
from trainer.staging.paths import RunDir
from trainer.staging.progress import read_progress

LOST = "it was interrupted, and another build began; its parts that are whole are kept"


def close_run(context: RunContext, message: str) -> bool:
    """Note that a run that should be running is not; False where its record says so already."""
    path = context.run.record
    if not path.exists() or read_record(path).status != "running":
        return False
    with run_record.editing(context) as record:
        if record.status != "running":
            return False
        record.status = "failed"
        record.completed_at = iso(now())
        record.errors = [*record.errors, StageError(kind=STOPPED, message=message)]
        record.stats.errors = sum(error.count for error in record.errors)
    tell_end(context)
    return True


def close_lost_runs(context: RunContext) -> list[str]:
    """Close every other run that should be running: this one has DATA_DIR for itself. Their ids."""
    closed = []
    for entry in list_records(context.data):
        other = RunContext(context.settings, context.data, context.data.run(entry.run_id))
        is_other = other.run.root != context.run.root
        if is_other and entry.record and entry.record.status == "running":
            closed += [entry.run_id] if close_run(other, LOST) else []
    return closed


def kept(run: RunDir) -> list[str]:
    """What the run's parts have done: `crawl of stashdb: 2,340 performers`."""
    found = []
    for path in progress_files(run):
        try:
            figures = read_progress(path.parent)
            if figures and figures["done"]:
                stage, _, name = path.parent.relative_to(run.root).as_posix().partition("/")
                what = {"staging": "crawl of", "working": ""}.get(stage, stage)
                done = f"{figures['done']:,} {figures['unit']}"
                found.append(f"{f'{what} {name}'.strip()}: {done}")
        except (OSError, ValueError, KeyError, TypeError, TrainerError):
            continue  # figures for people only: `trainer status` names the file
    return found
