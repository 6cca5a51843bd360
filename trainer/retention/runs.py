"""What runs leave that nobody reads again: the vectors of selected faces, indexes, jobs, progress.

Reports, face rules, snapshots and what was crawled stay.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from trainer.release.contract import CHECKSUMMED
from trainer.release.files import pack_releases
from trainer.release.inputs import FACES_FILE
from trainer.retention.references import finished_runs
from trainer.retention.releases import needed_releases
from trainer.staging.paths import PACKS, DataDir, RunDir
from trainer.state.store import run_of

log = logging.getLogger(__name__)


def clear_runs(data: DataDir) -> int:
    """Delete the working files of finished runs; returns the bytes. Safe to kill and to repeat."""
    read_next = {run_of(data.state_db, version_id) for version_id in needed_releases(data)}
    freed = 0
    for run in finished_runs(data):
        paths = _working_files(run)
        if run.run_id not in read_next:
            paths += [run.nearest_faces, run.similar_performers]
            for name in (run.nearest_faces.name, run.similar_performers.name):
                paths += sorted(run.root.glob(f"{PACKS}/*/select/{name}"))
        freed += sum(_delete(path) for path in paths if path.exists())
    if freed:
        log.info(f"retention: {freed / 1e6:.1f} MB of working files of finished runs deleted")
    return freed


def _working_files(run: RunDir) -> list[Path]:
    """A release that nobody may publish any more keeps its reports."""
    return [
        run.select / FACES_FILE,
        *(run.release / name for name in CHECKSUMMED),
        *sorted(run.root.glob(f"{PACKS}/*/select/{FACES_FILE}")),
        *sorted(run.root.glob(f"{PACKS}/*/working")),
        *(path / name for path in pack_releases(run.release) for name in CHECKSUMMED),
        *sorted(run.root.glob("embed/*/job.json")),
        run.embed_plan,
        run.root / "working",
    ]


def _delete(path: Path) -> int:
    if not path.is_dir():
        size = path.stat().st_size
        path.unlink()
        return size
    size = sum(part.stat().st_size for part in path.rglob("*") if part.is_file())
    shutil.rmtree(path)
    return size
