"""What is left of a run when its release is gone: record, plan, results of its steps, logs.

Snapshots, what was crawled, and the faces' rules of every week would fill any disk.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from trainer.release.files import release_dirs
from trainer.retention.references import finished_runs
from trainer.staging.paths import PACKS, DataDir
from trainer.state.store import published_run_ids, read_snapshots, run_of

log = logging.getLogger(__name__)

_LARGE = (
    *("staging", "snapshot", "targets", "embed", "resolve", "select", "release", "working"),
    PACKS,
)


def clear_old_runs(data: DataDir) -> int:
    """Delete the large folders of published runs that nothing reads again; return how many runs
    that were. Safe to kill and to repeat.

    Kept is the last run of each release that is there, and each run that has a source's last
    snapshot. A run that was never published may have fetched what no ledger knows: it stays.
    """
    published = published_run_ids(data.state_db)
    kept = {run_of(data.state_db, path.name) for path in release_dirs(data)}
    kept |= {row.run_id for row in read_snapshots(data.state_db).values()}
    count = 0
    for run in finished_runs(data):
        if run.run_id in published and run.run_id not in kept:
            count += _clear(run.root)
    if count:
        log.info(f"retention: {count} runs whose releases are gone keep their records only")
    return count


def _clear(root: Path) -> bool:
    found = [path for name in _LARGE if (path := root / name).is_dir()]
    for path in found:
        shutil.rmtree(path)
    return bool(found)
