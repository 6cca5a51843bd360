"""What a DATA_DIR is doing now: idle or running, how far, and what waits for a person."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from trainer.errors import TrainerError
from trainer.identity.dismissed_reviews import dismissed, still_open
from trainer.identity.reviews import read_run_reviews, reviewed
from trainer.runs.activity import QUIET, last_activity, progress_files
from trainer.runs.record import RecordEntry, RunRecord, list_records
from trainer.runs.requests import Requests, face_line, read_requests, request_lines
from trainer.staging.clock import iso, parse_iso
from trainer.staging.paths import DataDir, RunDir
from trainer.staging.progress import describe, read_progress


@dataclass(frozen=True)
class Status:
    """`state`: idle, running, or quiet (a run that should be running and writes nothing)."""

    state: str
    run_id: str | None = None
    started_at: str | None = None
    steps: list[str] = field(default_factory=list)  # running now
    progress: dict[str, str] = field(default_factory=dict)  # part of the run -> a line
    requests: Requests = field(default_factory=dict)  # of the run: host -> made, left
    faces_per_performer: dict[str, int] = field(default_factory=dict)  # of the last run
    last_activity: str | None = None
    last_run: dict[str, str | None] | None = None  # id, status, completed_at
    next_run: str | None = None  # as Airflow plans it, an ISO time
    candidates: list[str] = field(default_factory=list)
    reviews: int = 0
    problems: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """For people."""
        found = [self._headline()]
        found += [f"  {part}: {line}" for part, line in self.progress.items()]
        found += [f"  {line}" for line in request_lines(self.requests)]
        if self.last_run:
            ended = self.last_run["completed_at"] or "an unknown time"
            found.append(f"last run {self.last_run['id']}: {self.last_run['status']}, {ended}")
            found += [f"  {line}" for line in face_line(self.faces_per_performer)]
        if self.candidates:
            found.append(f"waits for approval: {', '.join(self.candidates)}; `trainer candidates`")
        if self.reviews:
            found.append(f"waits for a person: {self.reviews} to review; `trainer reviews`")
        return [*found, *self.problems]

    def _headline(self) -> str:
        if self.run_id is None:
            if not self.next_run:
                return "idle"
            return f"idle, next build {parse_iso(self.next_run):%a %d %b %Y, %H:%M} UTC"
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
    found = _idle(data, entries)
    running = next((r for r in _records(entries) if not _ended(r)), None)
    return _with_run(found, data, running, moment) if running else found


def _records(entries: list[RecordEntry]) -> list[RunRecord]:
    """Those that can be read, newest first."""
    return [entry.record for entry in entries if entry.record]


def _idle(data: DataDir, entries: list[RecordEntry]) -> Status:
    """What waits and how the last run ended, whether or not another one goes on."""
    records, problems = _records(entries), [entry.error for entry in entries if entry.error]
    ended = [record for record in records if _ended(record)]
    return Status(
        state="idle",
        last_run=_last_run(ended),
        candidates=[record.id for record in records if record.status == "needs_approval"],
        reviews=_open_reviews(data, entries, problems),
        problems=problems,
        faces_per_performer=ended[0].faces_per_performer if ended else {},
    )


def _with_run(found: Status, data: DataDir, record: RunRecord, moment: datetime) -> Status:
    """Adds how far the run is; `quiet` where it writes nothing."""
    run = data.run(record.id)
    active = last_activity(run)
    quiet = active is not None and moment - active > QUIET
    return replace(
        found,
        state="quiet" if quiet else "running",
        run_id=record.id,
        started_at=record.started_at,
        steps=[name for name, step in record.steps.items() if step.status == "running"],
        progress=_progress(run, found.problems),
        requests=read_requests(run),
        last_activity=iso(active) if active else None,
    )


def _ended(record: RunRecord) -> bool:
    return record.status != "running"


def _last_run(ended: list[RunRecord]) -> dict[str, str | None] | None:
    if not ended:
        return None
    record = ended[0]
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
