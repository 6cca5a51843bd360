"""embed_beside: embed what the crawls fetch while they go on, until they have ended."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from trainer.pipeline.embed_beside import EmbedderBeside
from trainer.processes.child import terminate_as_exception
from trainer.runs.activity import QUIET, last_activity
from trainer.runs.context import RunContext
from trainer.runs.record import read_record
from trainer.staging.clock import now

log = logging.getLogger(__name__)


def run(context: RunContext) -> dict[str, Any]:
    """Work until every crawl of the run has ended; return the figures."""
    reason = why_not(context)
    if reason:
        log.info(f"embed_beside: nothing to do, {reason}")
        return {"skipped": reason}
    with terminate_as_exception():
        done = EmbedderBeside(context).run(lambda: crawls_are_over(context))
    return done.model_dump()


def why_not(context: RunContext) -> str | None:
    """Return why no embedder works beside this run's crawls, or None where one does."""
    if not context.plan.params.enable_faces:
        return "this build embeds no faces"
    if not context.settings.embed_beside:
        return "TRAINER_EMBED_BESIDE is 0"
    if context.settings.object_store is not None:
        return "DATA_DIR is on an object store, where a step sees no other one's files meanwhile"
    if context.settings.embedder == "kubernetes":
        return "a pod embeds one shard, after the crawls"
    return None


def crawls_are_over(context: RunContext) -> bool:
    """Has every crawl ended, or failed, or is nothing heard of the run any more?"""
    record = read_record(context.run.record)
    crawls = [step for label, step in record.steps.items() if label.startswith("crawl")]
    if record.status != "running" or any(step.status == "failed" for step in crawls):
        return True
    if all(context.result(label) is not None for label in _labels(context)):
        return True
    heard = last_activity(context.run)
    return heard is not None and now() - heard > QUIET


def _labels(context: RunContext) -> Iterator[str]:
    """Of the crawls and what they need, in order; those of reference sites when they are known."""
    yield from (f"crawl-{source}" for source in context.plan.creators)
    yield "plan_references"
    planned = context.result("plan_references") or {}
    yield from (f"crawl_references-{source}" for source in planned.get("references", ()))
