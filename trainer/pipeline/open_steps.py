"""Which steps of a run are left to do, and what each of them is mapped over."""

from __future__ import annotations

from collections.abc import Iterator

from trainer.config.pipeline import STEPS, Step
from trainer.exclusions.apply import decisions_stand
from trainer.runs.context import RunContext


def open_steps(context: RunContext) -> Iterator[tuple[Step, list[str | None]]]:
    """Steps in order with their keys; those that finished before are skipped until the first that
    did not."""
    fresh = False
    for step in (step for step in STEPS if not step.beside):
        keys = []
        for key in _keys(step, context):
            had = not fresh and context.result(label_of(step, key)) is not None
            if not had or not is_final(context, step, key):
                fresh = True
                keys.append(key)
        if keys:
            yield step, keys


def label_of(step: Step, key: str | None) -> str:
    """Return what a step's result is kept under."""
    return step.name if key is None else f"{step.name}-{key}"


def _keys(step: Step, context: RunContext) -> list[str | None]:
    """What the step is mapped over, from the results of the steps before it."""
    if step.map_over == "source":
        return list((context.result("plan") or {})["sources"])
    if step.map_over == "reference":
        return list((context.result("plan_references") or {})["references"])
    if step.map_over == "shard":
        return list((context.result("plan_embed") or {})["shards"])
    return [None]


def is_final(context: RunContext, step: Step, key: str | None) -> bool:
    """A crawl that failed is tried again when the run goes on; so is `resolve`, where people
    decided something meanwhile."""
    if step.name == "resolve":
        return decisions_stand(context)
    if not step.is_crawl:
        return True
    return (context.result(f"{step.name}-{key}") or {}).get("status") == "complete"
