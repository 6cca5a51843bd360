"""build_release: the six files of the contract, in the run's directory, and the diff."""

from __future__ import annotations

import shutil
from typing import Any

from trainer.embedding.pack import read_pack
from trainer.pipeline.context import RunContext
from trainer.pipeline.run import Say
from trainer.pipeline.snapshots import snapshot_dirs
from trainer.release.inputs import read_inputs
from trainer.release.publish import next_version
from trainer.release.write import build
from trainer.staging.clock import parse_iso


def run(context: RunContext, say: Say) -> dict[str, Any]:
    plan, settings = context.plan, context.settings
    if context.data.release(plan.version_id).exists():
        return dict(context.result("build_release") or {})
    if context.run.release.exists():
        shutil.rmtree(context.run.release)
    result = build(
        read_inputs(context.run.select),
        context.run.release,
        version_id=plan.version_id,
        version=next_version(context.data, parse_iso(plan.started_at).date()),
        created_at=plan.started_at,
        pack=read_pack(context.data.model_pack(settings.model_pack)),
        sources=list(snapshot_dirs(context)),
        say=say,
    )
    say(f"build_release: {result}")
    return result.summary()
