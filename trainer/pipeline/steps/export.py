"""export: what each consumer of TRAINER_EXPORT_FOR loads, out of the release that was published."""

from __future__ import annotations

import logging
from typing import Any

from trainer.exclusions.release_check import refuse_excluded
from trainer.pipeline.exports import export_for
from trainer.runs.context import RunContext

log = logging.getLogger(__name__)


def run(context: RunContext) -> dict[str, Any]:
    """Export a new release for each consumer; return what was written. A candidate, and a build
    that changed nothing, export nothing."""
    published = context.result("publish") or {}
    names = context.settings.consumers
    if not names or not published.get("published") or published.get("unchanged"):
        return {"exports": {}}
    directory = context.data.release(published["release"])
    refuse_excluded(context.data, directory)
    written = {}
    for name in names:
        content, lines = export_for(name, directory, context.data, context.settings)
        written[name] = content.get("path") or str(content["archive"])
        for line in lines:
            log.info(f"export: {name}: {line}")
    return {"exports": written}
