"""Which releases are still needed, and removing the others."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from trainer.errors import ConfigError
from trainer.release.files import current_id, find_release
from trainer.release.removal import remove, surplus, sweep
from trainer.retention.references import UNFINISHED
from trainer.runs.record import list_records
from trainer.staging.atomic import read_json
from trainer.staging.paths import DataDir
from trainer.state.decisions import deciding, read_decisions

log = logging.getLogger(__name__)


def needed_releases(data: DataDir) -> set[str]:
    """Return the current release, pinned ones, and those that candidates and the newest unfinished
    run build on."""
    found = {row[0] for row in read_decisions(data, "SELECT version_id FROM pins")}
    return {name for name in (*found, current_id(data), *_bases(data)) if name}


def _bases(data: DataDir) -> Iterator[str | None]:
    """Yield the releases that candidates and the newest unfinished run build on."""
    records = [(entry.run_id, entry.record) for entry in list_records(data) if entry.record]
    for number, (run_id, record) in enumerate(records):  # the newest first: only it can go on
        path = data.run(run_id).plan
        waits = record.status == "needs_approval" or (not number and record.status in UNFINISHED)
        if waits and path.exists():
            yield read_json(path).get("base_release")  # of any trainer's age


def retain(data: DataDir, keep: int, *, dry_run: bool = False) -> list[str]:
    """Remove releases that are not needed beyond the newest `keep` (0 keeps all); return their
    ids."""
    gone = surplus(data, keep, needed_releases(data))
    if not dry_run and data.releases.is_dir():
        sweep(data)
    for version_id in gone:
        log.info(f"retention: {'would remove' if dry_run else 'removes'} release {version_id}")
        if not dry_run:
            remove(data, version_id)
    return gone


def pin(data: DataDir, release: str, reason: str, at: str) -> str:
    """Keep a release whatever the retention says; return its id."""
    name = find_release(data, release).name
    with deciding(data) as db:
        db.execute("INSERT OR REPLACE INTO pins VALUES (?, ?, ?)", (name, reason, at))
    return name


def unpin(data: DataDir, release: str) -> str:
    """Leave a release to the retention again; return its id. Raises `ConfigError` for one that is
    not pinned."""
    name = find_release(data, release).name
    with deciding(data) as db:
        if not db.execute("DELETE FROM pins WHERE version_id = ?", (name,)).rowcount:
            raise ConfigError(f"release {name} is not pinned; `trainer versions` says which are")
    return name
