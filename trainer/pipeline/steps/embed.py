"""embed: one shard through the embedder, as a process or in a container."""

from __future__ import annotations

import logging
from typing import Any

from trainer.embedding.changed_images import remove_changed
from trainer.embedding.runner import read_job, run_shard
from trainer.reasons import in_words
from trainer.runs.context import RunContext

log = logging.getLogger(__name__)


def run(context: RunContext, shard: str) -> dict[str, Any]:
    """Embed one shard; return its status and counts."""
    job = context.run.embed_shard(shard) / "job.json"
    manifest = run_shard(context.settings, job)
    remove_changed(read_job(job), manifest)
    log.info(f"embed {shard}: {in_words(manifest.counts)}")
    return {"shard": shard, "status": manifest.status, "counts": manifest.counts}
