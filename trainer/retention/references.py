"""Which runs can't go on any more, and which pictures are still asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from trainer.runs.record import RecordEntry, list_records
from trainer.staging.atomic import read_json
from trainer.staging.parquet import read_table
from trainer.staging.paths import DataDir, RunDir
from trainer.state.decisions import read_decisions
from trainer.state.store import read_snapshots

UNFINISHED = ("running", "failed")
_DECIDED = ("completed", "partial", "rejected")
_IMAGES = "images.parquet"


def overtaken_by(data: DataDir, base: str | None, version_id: str) -> str | None:
    """The release that was published since a run of `version_id` was planned on `base`, if any."""
    current = data.current.readlink().name if data.current.is_symlink() else None
    return None if current in (base, version_id) else current


def finished_runs(data: DataDir) -> list[RunDir]:
    """Runs that were published, rejected or overtaken. The newest unfinished one never is: it may
    go on; nor is one whose record can't be read."""
    published = dict(read_decisions(data, "SELECT run_id, version_id FROM published"))
    return [
        data.run(entry.run_id)
        for number, entry in enumerate(list_records(data))
        if _is_finished(data, entry, published.get(entry.run_id), newest=number == 0)
    ]


def _is_finished(data: DataDir, entry: RecordEntry, version: str | None, *, newest: bool) -> bool:
    if entry.record is None:
        return False
    status, path = entry.record.status, data.run(entry.run_id).plan
    # Ids are committed before the release is moved: until it is there, the run has to go on.
    if status in _DECIDED or (version is not None and data.release(version).exists()):
        return True
    if not path.exists() or (newest and status in UNFINISHED):
        return False
    plan: dict[str, Any] = read_json(path)  # of any trainer's age
    return overtaken_by(data, plan.get("base_release"), str(plan.get("version_id"))) is not None


def listed_images(data: DataDir) -> set[str]:
    """sha256 of the pictures that a current snapshot has, or a run that may still go on."""
    found: set[str] = set()
    for path in image_files(data):
        if path.exists():
            found.update(pc.unique(read_table(path, ["sha256"])["sha256"]).drop_null().to_pylist())
    return found


def image_files(data: DataDir) -> Iterator[Path]:
    for source, row in read_snapshots(data.state_db).items():
        yield data.run(row.run_id).snapshot(source) / _IMAGES
    done = {run.run_id for run in finished_runs(data)}
    for root in sorted(data.runs.glob("*/")):
        if root.name not in done:
            yield from sorted(root.glob(f"snapshot/*/{_IMAGES}"))
            yield from sorted(root.glob("staging/*/images-*.parquet"))
