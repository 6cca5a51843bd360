"""crawl: one source into staging. A source that fails does not fail the run."""

from __future__ import annotations

from typing import Any

from trainer.crawl.run import crawl_source
from trainer.pipeline.run import Say
from trainer.reasons import in_words
from trainer.runs.context import RunContext


def run(context: RunContext, source: str, say: Say) -> dict[str, Any]:
    manifest = crawl_source(context, source, say)
    reason = f" ({manifest.reason})" if manifest.reason else ""
    say(f"crawl {source}: {manifest.status}{reason}; {in_words(manifest.counts)}")
    for error in manifest.errors[:10]:
        say(f"crawl {source}: {error.sentence}")
    return {"source": source, "status": manifest.status, "counts": manifest.counts}
