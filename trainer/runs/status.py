"""What a DATA_DIR is doing now: idle or running, how far, and what waits for a person."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trainer.errors import TrainerError
from trainer.identity.dismissed_reviews import dismissed, still_open
from trainer.identity.reviews import read_run_reviews, reviewed
from trainer.runs.record import RecordEntry, RunRecord, list_records
from trainer.staging.paths import DataDir, RunDir
from trainer.staging.progress import PROGRESS, describe, read_progress

QUIET = timedelta(minutes=15)  # a run that wrote nothing for so long may be dead


@dataclass(frozen=True)
class Status:
    """`state`: idle, running, or quiet (a run that should be running and writes nothing)."""

    state: str
    run_id: str | None = None
    started_at: str | None = None
    steps: list[str] = field(default_factory=list)  # running now
    progress: dict[str, str] = field(default_factory=dict)  # part of the run -> a line
    last_activity: str | None = None
    last_run: dict[str, str | None] | None = None  # id, status, completed_at
    next_run: str | None = None  # as Airflow plans it
    candidates: list[str] = field(default_factory=list)
    reviews: int = 0
    problems: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For people."""
        found = [self._headline()]
        found += [f"  {part}: {line}" for part, line in self.progress.items()]
        if self.last_run:
            ended = self.last_run["completed_at"] or "an unknown time"
            found.append(f"last run {self.last_run['id']}: {self.last_run['status']}, {ended}")
        if self.candidates:
            found.append(f"waits for approval: {', '.join(self.candidates)}; `trainer candidates`")
        if self.reviews:
            found.append(f"waits for a person: {self.reviews} to review; `trainer reviews`")
        return [*found, *self.problems]

    def _headline(self) -> str:
        if self.run_id is None:
            return f"idle, next build {self.next_run}" if self.next_run else "idle"
        steps = ", ".join(self.steps) or "between two steps"
        line = f"running: {self.run_id}, since {self.started_at}: {steps}"
        if self.state == "quiet":
            line += (
                f"; it has written nothing since {self.last_activity}: if it was interrupted, "
                "`trainer build` goes on with it"
            )
        return line


def read_status(data: DataDir, moment: datetime) -> Status:
    """The state at `moment`. Files that can't be read are named in `problems`."""
    entries = list_records(data)
    running = next((e for e in entries if e.record and e.record.status == "running"), None)
    ended = next((e.record for e in entries if e.record and e.record.status != "running"), None)
    problems = [entry.error for entry in entries if entry.error]
    reviews = _open_reviews(data, entries, problems)
    waiting = [e.run_id for e in entries if e.record and e.record.status == "needs_approval"]
    last = _last_run(ended)
    if running is None or running.record is None:
        return Status("idle", last_run=last, candidates=waiting, reviews=reviews, problems=problems)
    run = data.run(running.run_id)
    active = last_activity(run)
    quiet = active is not None and moment - active > QUIET
    return Status(
        state="quiet" if quiet else "running",
        run_id=running.run_id,
        started_at=running.record.started_at,
        steps=[name for name, s in running.record.steps.items() if s.status == "running"],
        progress=_progress(run, problems),
        last_activity=f"{active:%Y-%m-%dT%H:%M:%SZ}" if active else None,
        last_run=last,
        candidates=waiting,
        reviews=reviews,
        problems=problems,
    )


def _last_run(record: RunRecord | None) -> dict[str, str | None] | None:
    if record is None:
        return None
    return {"id": record.id, "status": record.status, "completed_at": record.completed_at}


def _open_reviews(data: DataDir, entries: list[RecordEntry], problems: list[str]) -> int:
    """Open items of the newest run that has written any."""
    newest = next((e.run_id for e in entries if reviewed(data.run(e.run_id))), None)
    if newest is None:
        return 0
    try:
        return len(still_open(read_run_reviews(data.run(newest)), dismissed(data)))
    except TrainerError as error:
        problems.append(str(error))
        return 0


def progress_files(run: RunDir) -> list[Path]:
    """Return where the parts of a run say how far they are."""
    return sorted([*run.root.glob(f"*/{PROGRESS}"), *run.root.glob(f"*/*/{PROGRESS}")])


def _progress(run: RunDir, problems: list[str]) -> dict[str, str]:
    """The line of each part that is not finished."""
    found = {}
    for path in progress_files(run):
        try:
            figures = read_progress(path.parent)
            if figures and figures["done"] < figures["total"]:
                found[path.parent.relative_to(run.root).as_posix()] = describe(figures)
        except (OSError, ValueError, KeyError, TypeError):
            problems.append(f"{path}: no progress of ours; delete the file")
    return found


def last_activity(run: RunDir) -> datetime | None:
    """Return when the run last wrote its record, a log, or how far it is."""
    paths = [run.record, *progress_files(run), *run.root.glob("logs/*"), *run.root.glob("steps/*")]
    times = []
    for path in paths:
        try:
            times.append(path.stat().st_mtime)
        except OSError:  # replaced while we look
            continue
    return datetime.fromtimestamp(max(times), UTC) if times else None
