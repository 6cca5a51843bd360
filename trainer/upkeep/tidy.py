"""What gathers over months: temporary files of killed writers, old logs, what nothing needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from trainer.staging.atomic import TEMPORARY
from trainer.staging.paths import DataDir, RunDir
from trainer.upkeep.forecast import days_until_full, note_disk

_TEMPORARY = timedelta(days=1)  # no write takes so long
_QUARANTINE = timedelta(days=30)
_SOON = 30  # days until the disk is full


@dataclass
class Tidied:
    """How many of each went, and how long the disk lasts."""

    gone: dict[str, int] = field(default_factory=dict)
    days_until_full: float | None = None

    def lines(self) -> list[str]:
        """For people."""
        found = [f"{count} {what} deleted" for what, count in self.gone.items() if count]
        days = self.days_until_full
        if days is not None:
            advice = "; free space, or lower TRAINER_KEEP_RELEASES" if days < _SOON else ""
            found.append(f"the disk will be full in {days:.0f} days{advice}")
        return found or ["nothing to tidy"]


def tidy(
    data: DataDir, moment: datetime, *, log_days: int, airflow_home: Path | None = None
) -> Tidied:
    """Delete what is old and not needed, and note the disk. Safe beside a build: only what nobody
    has written for a day goes."""
    logs = timedelta(days=log_days)
    done = Tidied()

    def drop(what: str, paths: Iterator[Path], age: timedelta) -> None:
        old = [p for p in paths if moment.timestamp() - p.lstat().st_mtime > age.total_seconds()]
        done.gone[what] = sum(map(_delete, old))

    drop("temporary files", _temporaries(data), _TEMPORARY)
    drop("logs of runs", data.runs.glob("*/logs/*.log"), logs)
    drop("sets of damaged files", data.quarantine.glob("*"), _QUARANTINE)
    drop("links to releases that are gone", _dead_links(data), timedelta(0))
    drop("runs that never began", _empty_runs(data), _QUARANTINE)
    if airflow_home is not None:
        drop("logs of Airflow", (airflow_home / "logs").rglob("*.log"), logs)
        _drop_empty(airflow_home / "logs")
    note_disk(data, moment)
    done.days_until_full = days_until_full(data)
    return done


def _temporaries(data: DataDir) -> Iterator[Path]:
    """Everywhere but among the pictures, which `plan` looks through."""
    for root, folders, files in os.walk(data.root):
        if Path(root) == data.root:
            folders[:] = [name for name in folders if name not in ("images", "quarantine")]
        for name in [*folders, *files]:
            if name.startswith(TEMPORARY):
                yield Path(root) / name
        folders[:] = [name for name in folders if not name.startswith(TEMPORARY)]


def _dead_links(data: DataDir) -> Iterator[Path]:
    for path in data.root.glob("performers_*.db"):
        if not data.release(path.stem.removeprefix("performers_")).is_dir():
            yield path


def _empty_runs(data: DataDir) -> Iterator[Path]:
    """Runs that were named and never planned."""
    for root in data.runs.glob("*/"):
        run = RunDir(root)
        if not (run.plan.exists() or run.record.exists()):
            yield root


def _delete(path: Path) -> int:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    return 1


def _drop_empty(root: Path) -> None:
    for path in sorted(root.rglob("*/"), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()
