"""Which snapshot of each source a release is built from: this run's, else the last good one."""

from __future__ import annotations

from pathlib import Path

from trainer.runs.context import RunContext
from trainer.state.store import read_snapshots


def snapshot_dirs(context: RunContext) -> dict[str, Path]:
    """Source key -> directory with performers.parquet and images.parquet, in key order."""
    data = context.data
    found = {
        source: data.run(row.run_id).snapshot(source)
        for source, row in read_snapshots(data.state_db).items()
    }
    for source in context.plan.sources:
        directory = context.run.snapshot(source)
        if (directory / "performers.parquet").exists():
            found[source] = directory
    return dict(sorted(found.items()))
