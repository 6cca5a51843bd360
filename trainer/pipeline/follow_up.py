"""After a first release that came early: which run goes on, and what is left for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainer.config.params import BuildParams
from trainer.runs.context import Plan, RunContext
from trainer.runs.record import read_record
from trainer.runs.update import manifests
from trainer.staging.atomic import read_json
from trainer.staging.paths import DataDir, RunDir
from trainer.state.store import run_of

_LEFT = ("pictures_left", "pages_left")


def is_first_release(data: DataDir, base_release: str | None, params: BuildParams) -> bool:
    """Does a run that is planned now end fetching early? Once only: a run that came as far as
    publishing, a candidate too, was it."""
    if base_release is not None or not params.first_release_is_early:
        return False
    tried = (path.parent for path in data.runs.glob("*/plan.json") if _was_first(path))
    return not any((directory / "steps" / "publish.json").exists() for directory in tried)


def _was_first(path: Path) -> bool:
    try:
        return bool(read_json(path).get("first_release"))
    except (OSError, ValueError, AttributeError):
        return False


def follow_up(context: RunContext) -> dict[str, Any] | None:
    """Return the parameters of the run that goes on after this one; None where none has to.

    One follows a first release that was published early and left something to fetch.
    """
    if not context.run.plan.exists() or not context.plan.first_release:
        return None
    if not (context.result("publish") or {}).get("published") or not _left(context.run):
        return None
    return _remaining(context.plan)


def came_early(data: DataDir, release: str | None) -> bool:
    """Is `release` a first one that left something to fetch? It says little of what the next one
    has to be like."""
    run_id = run_of(data.state_db, release) if release else None
    if run_id is None:
        return False
    run = data.run(run_id)
    if not (run.plan.exists() and _was_first(run.plan) and run.record.exists()):
        return False
    sources = read_record(run.record).stats.by_source.values()
    return any(source.images_left or source.pages_left for source in sources)


def _left(run: RunDir) -> int:
    """Requests that are worth making yet, over all sources."""
    crawls = manifests(run.root / "staging").values()
    return sum(crawl.counts.get(name, 0) for crawl in crawls for name in _LEFT)


def _remaining(plan: Plan) -> dict[str, Any]:
    """The same parameters; of `max_hours` what the first release did not use."""
    params = plan.params.model_dump(mode="json")
    used = plan.params.first_release_after_hours or 0
    if plan.params.max_hours is not None:
        params["max_hours"] = plan.params.max_hours - used
    return params
