"""gate: may this release be published without a person looking at it?"""

from __future__ import annotations

import logging
from typing import Any

from trainer.errors import StageFailed
from trainer.pipeline.clock_check import clock_check
from trainer.pipeline.follow_up import came_early
from trainer.release.evaluation import read_evaluation
from trainer.release.gate import GateResult, gate, load_limits
from trainer.runs.context import RunContext

log = logging.getLogger(__name__)


def run(context: RunContext) -> dict[str, Any]:
    """Compare the evaluation with the limits and the base release; return the checks. Raises
    `StageFailed` where nothing was evaluated."""
    settings, last = context.settings, context.base_release
    measured = read_evaluation(context.built_release)
    if measured is None:
        raise StageFailed(f"{context.built_release} was not evaluated; run `evaluate` first")
    if last and came_early(context.data, context.plan.base_release):
        log.info(f"gate: not compared with {last.name}, a first release that came early")
        last = None
    limits = load_limits(settings.data_dir, settings.model_pack)
    removed = (context.result("evaluate") or {}).get("removed", 0)
    result = gate(limits, measured, read_evaluation(last) if last else None, removed)
    checks = [*result.checks, clock_check(context)]
    result = GateResult(passed=all(check.ok for check in checks), checks=checks)
    for line in result.failures():
        log.info(f"gate: {line}")
    log.info(f"gate: {'passed' if result.passed else 'not passed'}")
    return result.model_dump(mode="json")
