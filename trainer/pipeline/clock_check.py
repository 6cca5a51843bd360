"""Does this machine's clock agree with the runs before, and with the servers that were asked?

A clock that is years ahead once would give its release a version of that day: a person looks first.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from trainer.runs.context import RunContext
from trainer.runs.record import list_records
from trainer.runs.update import manifests
from trainer.staging.clock import iso, now, parse_iso
from trainer.staging.manifest import Check
from trainer.staging.paths import DataDir, RunDir

CLOCK = "clock"
_ANSWERED = ("complete", "partial")
SERVERS = "clock_off_seconds"  # count of a crawl: now less the servers' Date, where far off


def clock_check(context: RunContext) -> Check:
    """Return the check of the gate: within `max_clock_jump_hours` of the last run and of servers.

    It does not hold where the last run is of the future, or where every server that a crawl asked
    disagrees.
    """
    allowed = timedelta(hours=context.settings.max_clock_jump_hours)
    last = last_moment(context.data, context.run)
    problem = _against_last_run(last, allowed) or _against_servers(context.run, allowed)
    return Check(
        name=CLOCK,
        ok=problem is None,
        expected=f"within {context.settings.max_clock_jump_hours:g} hours of the last run and of "
        "the servers asked",
        actual=problem or "so",
    )


def _against_last_run(last: datetime | None, allowed: timedelta) -> str | None:
    moment = now()
    if last is None or last - moment <= allowed:
        return None
    return f"the last run is of {iso(last)}, and this machine says {iso(moment)}"


def last_moment(data: DataDir, run: RunDir) -> datetime | None:
    """Return when the latest run other than `run` began; None without one."""
    moments = [
        parse_iso(entry.record.started_at)
        for entry in list_records(data)
        if entry.record and entry.run_id != run.run_id
    ]
    return max(moments, default=None)


def _against_servers(run: RunDir, allowed: timedelta) -> str | None:
    """The nearest server counts: one of them may be wrong itself."""
    crawls = manifests(run.root / "staging").values()
    offs = [manifest.counts.get(SERVERS, 0) for manifest in crawls if manifest.status in _ANSWERED]
    nearest = min(offs, key=abs, default=0)
    if abs(nearest) <= allowed.total_seconds():
        return None
    side = "ahead of" if nearest > 0 else "behind"
    return f"this machine is {abs(nearest) / 3600:.0f} hours {side} every server that was asked"
