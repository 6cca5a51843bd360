"""What is left of runs and of addresses, once it is older than anybody asks for."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta

from trainer.release.files import release_dirs
from trainer.retention.addresses import forget_addresses
from trainer.retention.references import finished_runs
from trainer.runs.record import list_records
from trainer.snapshots.image_ledger import staged_rows
from trainer.staging.clock import parse_iso
from trainer.staging.paths import DataDir, RunDir
from trainer.state.changes import LedgerRow
from trainer.state.ledger import before_last, remember
from trainer.state.store import published_run_ids, read_snapshots, run_of

log = logging.getLogger(__name__)


def clear_history(data: DataDir, days: int) -> int:
    """Delete finished runs that began `days` before the last release but one and earlier, whole,
    and forget addresses of that age; 0 keeps all. Return how many runs. Safe to kill and to repeat.

    Kept is what `clear_old_runs` keeps whole, and what waits for a person. Ids and versions are in
    state.db, and are never given twice.
    """
    last = before_last(data)
    if not days or last is None:
        return 0
    limit = parse_iso(last) - timedelta(days=days)
    old = list(_old_runs(data, limit))
    published = published_run_ids(data.state_db)
    for run in old:
        if run.run_id not in published:  # what it fetched is in no ledger yet
            remember(data, _learnt(run))
        _delete(run)
    addresses = forget_addresses(data, limit)
    if old or addresses:
        log.info(
            f"retention: {len(old)} runs and {addresses} addresses of images that are gone, all "
            f"older than {days} days, deleted"
        )
    return len(old)


def _old_runs(data: DataDir, limit: datetime) -> Iterator[RunDir]:
    kept = {run_of(data.state_db, path.name) for path in release_dirs(data)}
    kept |= {row.run_id for row in read_snapshots(data.state_db).values()}
    finished = {run.run_id for run in finished_runs(data)}
    for number, (run_id, record, _) in enumerate(list_records(data)):
        run = data.run(run_id)
        if record is None or run_id in kept or parse_iso(record.started_at) >= limit:
            continue
        unplanned = number > 0 and not run.plan.exists()  # no step of it was ever done
        if record.status != "needs_approval" and (run_id in finished or unplanned):
            yield run


def _learnt(run: RunDir) -> Iterator[LedgerRow]:
    """What the ledger would have, had a release been published from this run."""
    for row in staged_rows(run):
        if row["status"] not in ("known", "failed"):
            yield LedgerRow(**row)


def _delete(run: RunDir) -> None:
    """The record last: until it is gone, the run is found and deleted again. An empty folder that a
    kill leaves then is one of a run that never began, for `trainer tidy`."""
    for path in run.root.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path != run.record:
            path.unlink()
    shutil.rmtree(run.root)
