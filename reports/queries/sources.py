"""How every source is, at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from reports import text
from reports.queries.runs import RunSummary
from trainer.cli.sources import why_off
from trainer.config.environment import environment as of_this_process
from trainer.config.sources import SourceConfig, load_sources
from trainer.errors import TrainerError
from trainer.staging.paths import DataDir
from trainer.state.store import SnapshotRow, read_snapshots

GOOD = ("complete", "partial")
# From the worst to the best, as the overview lists them.
STATES = ("failed", "blocked", "partial", "skipped", "never visited", "off", "good")


class Health(NamedTuple):
    """A source's state, why, and when it was last crawled well."""

    source: str
    state: str
    reason: str
    last_good: datetime | None
    performers: int | None


def health(
    data: DataDir, runs: list[RunSummary], environment: Mapping[str, str] | None = None
) -> tuple[list[Health], list[str]]:
    """All configured sources, ill ones first; and problems, as sentences."""
    problems: list[str] = []
    try:
        configured = load_sources(data.root)
    except TrainerError as error:
        return [], [str(error)]
    snapshots: dict[str, SnapshotRow] = {}
    try:
        snapshots = read_snapshots(data.state_db)
    except TrainerError as error:
        problems.append(str(error))
    known = of_this_process(environment)
    rows = [
        _health(source, why_off(source, known), runs, snapshots.get(key))
        for key, source in configured.items()
    ]
    rows.sort(key=lambda row: (STATES.index(row.state), row.source))
    return rows, problems


def _health(
    source: SourceConfig, off: str | None, runs: list[RunSummary], snapshot: SnapshotRow | None
) -> Health:
    key = source.key
    visits = [(run, run.stats.by_source[key]) for run in runs if key in run.stats.by_source]
    good = next((text.moment(r.started_at) for r, part in visits if part.status in GOOD), None)
    if good is None and snapshot:
        good = next((text.moment(r.started_at) for r in runs if r.run_id == snapshot.run_id), None)
    performers = snapshot.live_performers if snapshot else None
    last = visits[0][1] if visits else None
    state, reason = "never visited", "No build has asked it yet."
    # A key may be known where builds run and not here: what a build found out counts for more.
    if off and (last is None or not source.enabled):
        state, reason = "off", off
    elif last:
        state = {"complete": "good"}.get(last.status, last.status)
        reason = last.reason or ""
    return Health(key, state if state in STATES else "skipped", reason, good, performers)
