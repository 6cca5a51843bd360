"""Run one step of a build: the single door for the DAG's tasks and for `trainer build`."""

from __future__ import annotations

import importlib
import time
from typing import Any

from trainer.config.pipeline import STEPS
from trainer.config.settings import Settings
from trainer.errors import StageFailed
from trainer.notify.events import tell_disk, tell_end
from trainer.pipeline.further_packs import joined_gate, run_for_further
from trainer.pipeline.stored import stored
from trainer.processes.allocators import return_freed_memory
from trainer.processes.memory import out_of_memory
from trainer.runs import update as run_record
from trainer.runs.context import RunContext
from trainer.runs.packs import PER_PACK
from trainer.staging.clock import iso, now


def run_step(
    name: str,
    run_id: str,
    settings: Settings,
    *,
    params: dict[str, Any] | None = None,
    key: str | None = None,
) -> dict[str, Any]:
    """Execute step `name` of a run; its small JSON result is kept in `steps/` and returned.

    `params` belongs to `plan`; `key` is the source of a `crawl`, the shard of an `embed`.
    Every step can be killed and run again.
    """
    step = next((s for s in STEPS if s.name == name), None)
    if step is None:
        raise StageFailed(f"no step {name!r}; choose from {', '.join(s.name for s in STEPS)}")
    if (key is None) != (step.map_over is None):
        needs = "needs a key; give one" if step.map_over else "takes no key; leave it out"
        raise StageFailed(f"step {name} {needs}")
    return_freed_memory()
    with stored(settings, run_id, name, key):
        try:
            return _run(name, RunContext.open(settings, run_id), params, key)
        except MemoryError as error:
            raise out_of_memory(name if key is None else f"{name} {key}") from error


def _run(
    name: str, context: RunContext, params: dict[str, Any] | None, key: str | None
) -> dict[str, Any]:
    began = time.monotonic()
    module = importlib.import_module(f"trainer.pipeline.steps.{name}")
    if name == "plan":
        result = module.run(context, params)
    else:
        result = module.run(context) if key is None else module.run(context, key)
    if name in PER_PACK:
        others = run_for_further(context, name, module.run)
        result = joined_gate(result, others) if name == "gate" else result
    label = name if key is None else f"{name}-{key}"
    run_record.step_done(context, label, seconds=round(time.monotonic() - began, 2))
    tell_disk(context)
    return context.finish(label, result)


def mark_failed(run_id: str, settings: Settings, step: str, message: str) -> None:
    """Write a failed step into the run's record, for people to read in the reports.

    The step `report` tells the operator; where it can't run, or is what failed, it is told here.
    """
    with stored(settings, run_id, "mark_failed"):
        context = RunContext.open(settings, run_id)
        run_record.fail(context, step, message, completed_at=iso(now()))
        if step == "report" or not context.run.plan.exists():
            tell_end(context)
