"""Every run in a few figures each, without reading what only its own page shows."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from reports import text
from trainer.reasons import reason
from trainer.staging.atomic import read_json
from trainer.staging.names import run_id_from
from trainer.staging.paths import DataDir
from trainer.staging.stamped import Kept


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class SourcePart(_Part):
    status: str = ""
    reason: str | None = None
    performers: int = 0
    errors: int = 0


class _Stats(_Part):
    performers_processed: int = 0
    errors: int = 0
    by_source: dict[str, SourcePart] = {}


class _Changes(_Part):
    new_performers: int = 0
    new_faces: int = 0


class RunSummary(_Part):
    """What lists of runs show of a run."""

    id: str
    started_at: str
    completed_at: str | None = None
    status: str
    stats: _Stats = _Stats()
    diff_from_previous: _Changes | None = None
    release: str | None = None
    reviews: dict[str, int] = {}
    run_id: str = ""  # the name of the run's directory

    @property
    def started(self) -> datetime | None:
        return text.moment(self.started_at)

    def seconds(self, now: datetime) -> float | None:
        """Wall time; of a run that goes on, until `now`."""
        end = text.moment(self.completed_at) or (now if self.status == "running" else None)
        return max((end - self.started).total_seconds(), 0.0) if self.started and end else None

    @property
    def performers_added(self) -> int | None:
        return self.diff_from_previous.new_performers if self.diff_from_previous else None

    @property
    def faces_added(self) -> int | None:
        return self.diff_from_previous.new_faces if self.diff_from_previous else None


class Summaries(NamedTuple):
    """Newest first; `problems` names the records that can't be read."""

    runs: list[RunSummary]
    problems: list[str]


def _read(path: Path) -> RunSummary | str:
    try:
        found = RunSummary.model_validate(read_json(path))
    except (OSError, ValueError) as error:
        return f"{path}: not a run's record: {reason(error)}; restore or delete it"
    return found.model_copy(update={"run_id": path.parent.name})


_summary = Kept(_read, most=5_000)


def summaries(data: DataDir) -> Summaries:
    """All runs of a DATA_DIR; a record that did not change is not read again."""
    read = [_summary(path) for path in sorted(data.runs.glob("*/run.json"))]
    runs = [one for one in read if isinstance(one, RunSummary)]
    runs.sort(key=lambda run: (run.started_at, run.run_id), reverse=True)
    return Summaries(runs, [one for one in read if isinstance(one, str)])


def matching(
    runs: list[RunSummary], statuses: list[str], sources: list[str], since: datetime | None
) -> list[RunSummary]:
    """Runs of one of `statuses` and with one of `sources` (empty: any), started since."""
    return [
        run
        for run in runs
        if (not statuses or run.status in statuses)
        and (not sources or set(sources) & run.stats.by_source.keys())
        and (since is None or (run.started is not None and run.started >= since))
    ]


def previous_of(runs: list[RunSummary], run_id: str) -> RunSummary | None:
    """The run before `run_id` that published a release."""
    names = [run.run_id for run in runs]
    older = runs[names.index(run_id) + 1 :] if run_id in names else []
    return next((run for run in older if run.release), None)


def known_as(run_id: str) -> str:
    """The directory's name of a run by our id or Airflow's."""
    return run_id_from(run_id)
