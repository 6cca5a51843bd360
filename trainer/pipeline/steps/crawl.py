"""crawl: one source into staging. A source that fails does not fail the run."""

from __future__ import annotations

import logging
from typing import Any

from trainer.crawl.run import crawl_source
from trainer.notify.events import tell_blocked
from trainer.reasons import in_words
from trainer.runs.context import RunContext

log = logging.getLogger(__name__)


def run(context: RunContext, source: str) -> dict[str, Any]:
    """Crawl one source; return its status and counts, also where it failed."""
    manifest = crawl_source(context, source)
    if manifest.status == "blocked":
        tell_blocked(context, source, manifest.reason)
    reason = f" ({manifest.reason})" if manifest.reason else ""
    log.info(f"crawl {source}: {manifest.status}{reason}; {in_words(manifest.counts)}")
    for error in manifest.errors[:10]:
        log.info(f"crawl {source}: {error.sentence}")
    return {"source": source, "status": manifest.status, "counts": manifest.counts}
