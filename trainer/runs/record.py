"""`runs/<run_id>/run.json`: one run for people; `runs.json` is derived from all of them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from trainer.errors import DamagedFileError
from trainer.reasons import reason
from trainer.staging.atomic import read_json, write_bytes, write_sealed
from trainer.staging.clock import iso, now
from trainer.staging.error_groups import StageError, grouped
from trainer.staging.paths import DataDir, RunDir
from trainer.staging.stamped import Kept

RunStatus = Literal["running", "completed", "partial", "failed", "needs_approval", "rejected"]


class _Model(BaseModel):
    # Records of older trainers may lack or have keys; what we write is fully typed.
    model_config = ConfigDict(extra="ignore", validate_assignment=True)


class SourceStats(_Model):
    """What one source gave in one run."""

    status: str
    reason: str | None = None
    performers: int = 0
    pages: int = 0
    # Reference sites: pages carried over without a request, answered 304, that are not there, that
    # could not be confirmed, that could not be read.
    pages_known: int = 0
    pages_not_modified: int = 0
    pages_missing: int = 0
    pages_unconfirmed: int = 0
    pages_unreadable: int = 0
    images_fetched: int = 0
    images_known: int = 0
    images_refused: int = 0
    images_failed: int = 0
    # Not asked for: no more faces are needed of their performers, or the build's time was over.
    images_not_needed: int = 0
    images_left: int = 0
    pages_left: int = 0
    hours_left: float = 0.0  # that these requests take at the source's rate
    next_hour_performers: int = 0  # of whom the first hour of them brings images
    faces: int = 0
    errors: int = 0
    warnings: list[str] = []  # checks that did not hold, and that are no reason to fail


class RunStats(_Model):
    performers_processed: int = 0
    faces_added: int = 0
    errors: int = 0
    by_source: dict[str, SourceStats] = {}


class DiffSummary(_Model):
    """What changed against the release before."""

    new_performers: int = 0
    new_faces: int = 0
    removed_performers: int = 0
    removed_faces: int = 0
    merged_performers: int = 0


class StepRecord(_Model):
    status: Literal["running", "done", "failed"]
    seconds: float | None = None


class RunRecord(_Model):
    """One run. `output_db` is relative to DATA_DIR."""

    id: str
    started_at: str
    completed_at: str | None = None
    status: RunStatus
    params: dict[str, Any] = {}
    stats: RunStats = Field(default_factory=RunStats)
    diff_from_previous: DiffSummary | None = None
    output_db: str | None = None
    release: str | None = None
    version: str | None = None
    model_pack: str | None = None
    embed: dict[str, int] = {}
    funnel: dict[str, dict[str, int]] = Field({}, description="source -> rule -> faces")
    stages: dict[str, dict[str, int]] = Field({}, description="source -> how far -> count")
    quarantined: dict[str, int] = Field({}, description="reason -> performers kept out")
    by_links_only: dict[str, str] = Field({}, description="source -> why not asked by name")
    stand_ins: int = Field(0, description="pictures refused because many performers share them")
    absent: dict[str, int] = Field({}, description="reason -> performers resolved, not released")
    reviews: dict[str, int] = Field({}, description="kind -> items that a person has to look at")
    requests: dict[str, dict[str, int]] = Field({}, description="host -> made, left")
    faces_per_performer: dict[str, int] = Field({}, description="faces -> performers")
    evaluation: dict[str, Any] | None = None
    gate: dict[str, Any] | None = None
    rejected_because: str | None = None
    errors: list[StageError] = []
    steps: dict[str, StepRecord] = {}

    @field_validator("errors")
    @classmethod
    def _grouped(cls, errors: list[StageError]) -> list[StageError]:
        """Older records list the same thing at every address."""
        return grouped(errors)


class RecordEntry(NamedTuple):
    """A run's directory and its record, or why the record can't be read."""

    run_id: str
    record: RunRecord | None
    error: str | None


def read_record(path: Path) -> RunRecord:
    """Raises `DamagedFileError` naming the file."""
    try:
        return RunRecord.model_validate(read_json(path))
    except (OSError, ValueError, ValidationError) as error:
        raise DamagedFileError(
            f"{path}: not a run's record: {reason(error)}; restore or delete it"
        ) from error


def write_record(run: RunDir, record: RunRecord) -> None:
    """Write run.json."""
    write_sealed(run.record, record.model_dump(mode="json"))


def list_records(data: DataDir) -> list[RecordEntry]:
    """Every run, newest first; damaged ones are listed with their error, last. Change none of the
    records: one whose file did not change since this process read it is not read again."""
    return [entry for entry, _ in _listed(data)]


def write_runs_json(data: DataDir) -> None:
    """Derive runs.json from the runs' records: one line per run."""
    found = _listed(data)
    damaged = ",\n".join(line for entry, line in found if entry.error)
    runs = ",\n".join(line for entry, line in found if entry.record)
    text = f'{{"damaged": [\n{damaged}\n], "runs": [\n{runs}\n]}}\n'
    write_bytes(data.runs_json, text.encode())


def _listed(data: DataDir) -> list[tuple[RecordEntry, str]]:
    """Each run, newest first, with its line of runs.json."""
    found = [_entry(path) for path in data.runs.glob("*/run.json")]
    return sorted(found, key=lambda each: _newest_first(each[0]), reverse=True)


def _entry(path: Path) -> tuple[RecordEntry, str]:
    run_id = path.parent.name
    try:
        record, line = _known(path)
    except DamagedFileError as error:  # read again each time: it may be mended
        return RecordEntry(run_id, None, str(error)), _line({"id": run_id, "error": str(error)})
    return RecordEntry(run_id, record, None), line


def _read(path: Path) -> tuple[RunRecord, str]:
    record = read_record(path)
    return record, _line(record.model_dump(mode="json"))


_known = Kept(_read)


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False)


def _newest_first(entry: RecordEntry) -> tuple[bool, str, str]:
    """One of the future (the clock was ahead) is not the newest until then."""
    started = entry.record.started_at if entry.record else ""
    return (started <= iso(now() + timedelta(days=1)), started, entry.run_id)
