"""Which snapshot of each source a release is built from: this run's, else the last good one."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from trainer.errors import StageFailed
from trainer.runs.context import RunContext
from trainer.staging.paths import DataDir
from trainer.state.store import read_snapshots


def snapshot_dirs(context: RunContext) -> dict[str, Path]:
    """Source key -> directory with performers.parquet and images.parquet, in key order."""
    data = context.data
    found = {
        source: directory
        for source, row in read_snapshots(data.state_db).items()
        if ((directory := data.run(row.run_id).snapshot(source)) / "performers.parquet").exists()
    }
    for source in context.plan.sources:
        directory = context.run.snapshot(source)
        if (directory / "performers.parquet").exists():
            found[source] = directory
    return dict(sorted(found.items()))


def require_all_snapshots(data: DataDir, found: Collection[str]) -> None:
    """Raise `StageFailed` where a source that is in the last release is not among those `found`: it
    has no snapshot any more, this run's crawl gave none, and its performers would be gone."""
    lost = sorted(read_snapshots(data.state_db).keys() - set(found))
    if lost:
        raise StageFailed(
            f"the last snapshots of {', '.join(lost)} are gone or damaged, and this run has no "
            "new ones: mend what their crawls say, or `trainer repair --forget` them"
        )
