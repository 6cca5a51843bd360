"""When a page that was never read, of a performer who lacks nothing, is asked for.

Each has its turn once in a source's `revisit_days`, at a moment that follows from its id. So about
as many come up in each week, wherever the build runs, and nothing has to be kept of pages that
wait. A build asks for those whose turn has come since a build last asked for all whose turn it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from trainer.config.sources import SourceConfig
from trainer.crawl.needs import Claim, lacks
from trainer.runs.context import RunContext, read_plan
from trainer.staging.clock import parse_iso
from trainer.staging.rows import Target
from trainer.state.store import read_snapshots

FIRST_WEEK = timedelta(days=7)  # of whose turns the first crawl of a source takes
SINCE = "since"  # in the result of `plan_references`: source -> moment
_DAY = 86_400


def without_later(
    rows: list[Target],
    source: SourceConfig,
    known: Collection[str],
    faces: Mapping[Claim, int],
    since: datetime | None,
    moment: datetime,
) -> list[Target]:
    """Return the pages to ask for now, in their order: all in `known`, which were read before, all
    of performers who lack something, and of the others those whose turn came since `since`.

    All of them where `since` is None, or where fewer are less than the source has to give.
    """
    if since is None:
        return rows
    asked = [
        row
        for row in rows
        if row["page_id"] in known
        or lacks(row["candidates"], faces)
        or is_its_turn(source, row["page_id"], since, moment)
    ]
    return asked if len(asked) >= min(source.assertions.min_performers, len(rows)) else rows


def is_its_turn(source: SourceConfig, page_id: str, since: datetime, moment: datetime) -> bool:
    """Does a turn of the page lie after `since`, and not after `moment`?"""
    period = source.revisit_days * _DAY
    if not period:
        return True
    digest = hashlib.sha256(f"{source.key}:{page_id}".encode()).digest()
    turn = int.from_bytes(digest[:8], "big") % period
    ago = (int(moment.timestamp()) - turn) % period
    return ago < int(moment.timestamp()) - int(since.timestamp())


def turns_since(context: RunContext, source: str) -> datetime | None:
    """Return from when on turns were not taken yet: the start of the last crawl, or what that one
    began with where it was cut short. None where that is not known, or everything is asked for."""
    if context.plan.params.full_refresh:
        return None
    row = read_snapshots(context.data.state_db).get(source)
    if row is None:
        return parse_iso(context.plan.started_at) - FIRST_WEEK
    last = context.of_run(row.run_id)
    planned = (last.result("plan_references") or {}).get(SINCE, {})
    if source not in planned or not last.run.plan.exists():
        return None
    return parse_iso(read_plan(last.run.plan).started_at if row.full_sweep_at else planned[source])
