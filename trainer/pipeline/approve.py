"""A person publishes a candidate that the gate, or `publish: false`, held back."""

from __future__ import annotations

from trainer.config.settings import Settings
from trainer.errors import StageFailed
from trainer.pipeline.context import RunContext
from trainer.pipeline.exclude import refuse_if_decided
from trainer.pipeline.run import Say, run_step
from trainer.pipeline.steps.publish import publish_run
from trainer.release.verify import verify
from trainer.staging.lock import build_lock
from trainer.staging.records import read_record


def approve_run(settings: Settings, run_id: str, say: Say) -> str:
    """Verify and publish the candidate of `run_id`; returns a line for people."""
    context = RunContext.open(settings, run_id)
    if not context.run.record.exists():
        raise StageFailed(f"no run {run_id} in {context.data.runs}; `trainer runs` lists them")
    status = read_record(context.run.record).status
    if status != "needs_approval":
        raise StageFailed(f"run {run_id} is {status}, not waiting for approval")
    with build_lock(context.data.lock):
        refuse_if_decided(context)
        report = verify(context.built_release)
        if not report.ok:
            raise StageFailed(
                "the candidate does not fit the sidecar's contract and can't be published: "
                + "; ".join(report.failures())
            )
        result = publish_run(context, say)
        context.finish("publish", result)
        run_step("report", run_id, settings, say=say)
    return f"release {result['release']} (version {result['version']}) is current"
