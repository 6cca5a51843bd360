"""When a run last wrote anything, and where its parts say how far they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from trainer.staging.paths import RunDir
from trainer.staging.progress import PROGRESS

QUIET = timedelta(minutes=15)  # a run that wrote nothing for so long may be dead


def progress_files(run: RunDir) -> list[Path]:
    """Return where the parts of a run say how far they are."""
    return sorted([*run.root.glob(f"*/{PROGRESS}"), *run.root.glob(f"*/*/{PROGRESS}")])


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
