"""embed: one shard through the embedder, as a process or in a container."""

from __future__ import annotations

from typing import Any

from trainer.embedding.runner import run_shard
from trainer.pipeline.run import Say
from trainer.reasons import in_words
from trainer.runs.context import RunContext


def run(context: RunContext, shard: str, say: Say) -> dict[str, Any]:
    job = context.run.embed_shard(shard) / "job.json"
    manifest = run_shard(context.settings, job, say)
    say(f"embed {shard}: {in_words(manifest.counts)}")
    return {"shard": shard, "status": manifest.status, "counts": manifest.counts}
