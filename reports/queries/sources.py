"""How every source is, at a glance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from reports import text
from reports.queries.runs import RunSummary, SourcePart
from trainer.cli.sources import why_off
from trainer.config.environment import environment as of_this_process
from trainer.config.sources import SourceConfig, load_sources
from trainer.errors import TrainerError
from trainer.services.given_keys import with_noted_names
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


class Visit(NamedTuple):
    """One run's crawl of a source."""

    run: RunSummary
    part: SourcePart


def health(
    data: DataDir, runs: list[RunSummary], environment: Mapping[str, str] | None = None
) -> tuple[list[Health], list[str]]:
    """All configured sources, ill ones first; and problems, as sentences."""
    try:
        configured = load_sources(data.root)
    except TrainerError as error:
        return [], [str(error)]
    snapshots, problems = known_snapshots(data)
    known = with_noted_names(of_this_process(environment), data.root)
    rows = [
        health_of(source, why_off(source, known), runs, snapshots.get(key))
        for key, source in configured.items()
    ]
    rows.sort(key=lambda row: (STATES.index(row.state), row.source))
    return rows, problems


def known_snapshots(data: DataDir) -> tuple[dict[str, SnapshotRow], list[str]]:
    """What is known of the last snapshot, by source; and problems, as sentences."""
    try:
        return read_snapshots(data.state_db), []
    except TrainerError as error:
        return {}, [str(error)]


def health_of(
    source: SourceConfig, off: str | None, runs: list[RunSummary], snapshot: SnapshotRow | None
) -> Health:
    """How one source is; `off` is why a build from here would not ask it."""
    found = visits(runs, source.key)
    state, reason = _state(source, off, found[0].part if found else None)
    performers = snapshot.live_performers if snapshot else None
    return Health(source.key, state, reason, _last_good(found, runs, snapshot), performers)


def visits(runs: list[RunSummary], source: str) -> list[Visit]:
    """The runs that asked a source, in their order."""
    return [
        Visit(run, run.stats.by_source[source]) for run in runs if source in run.stats.by_source
    ]


def answered(runs: list[RunSummary], sources: Iterable[str]) -> set[str]:
    """Those of `sources` of which the last build that asked got an answer: it had the key."""
    return {key for key in sources if got_answer(next(iter(visits(runs, key)), None))}


def got_answer(visit: Visit | None) -> bool:
    """Whether the source was there for a build, with what it needs."""
    return visit is not None and visit.part.status in (*GOOD, "blocked")


def _state(source: SourceConfig, off: str | None, last: SourcePart | None) -> tuple[str, str]:
    # A key may be known where builds run and not here: what a build found out counts for more.
    if off and (last is None or not source.enabled):
        return "off", off
    if last is None:
        return "never visited", "No build has asked it yet."
    state = {"complete": "good"}.get(last.status, last.status)
    return state if state in STATES else "skipped", last.reason or ""


def _last_good(
    found: list[Visit], runs: list[RunSummary], snapshot: SnapshotRow | None
) -> datetime | None:
    """When a source was last crawled well: as runs say, else the run of its snapshot."""
    moment = next((text.moment(v.run.started_at) for v in found if v.part.status in GOOD), None)
    if moment is None and snapshot:
        of_snapshot = (r.started_at for r in runs if r.run_id == snapshot.run_id)
        moment = text.moment(next(of_snapshot, None))
    return moment
