"""Which releases are still needed, and removing the others."""

from __future__ import annotations

import logging

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
    """The current one, pinned ones, and what candidates and the newest unfinished run build on."""
    found = {row[0] for row in read_decisions(data, "SELECT version_id FROM pins")}
    current = current_id(data)
    if current:
        found.add(current)
    records = [entry for entry in list_records(data) if entry.record]
    for number, entry in enumerate(records):  # the newest first: only that one can go on
        path, status = data.run(entry.run_id).plan, entry.record.status if entry.record else ""
        waits = status == "needs_approval" or (not number and status in UNFINISHED)
        if waits and path.exists():
            base = read_json(path).get("base_release")  # of any trainer's age
            found |= {base} if base else set()
    return found


def retain(data: DataDir, keep: int, *, dry_run: bool = False) -> list[str]:
    """Remove the releases beyond the newest `keep` (0: none); returns their ids."""
    gone = surplus(data, keep, needed_releases(data))
    if not dry_run and data.releases.is_dir():
        sweep(data)
    for version_id in gone:
        log.info(f"retention: {'would remove' if dry_run else 'removes'} release {version_id}")
        if not dry_run:
            remove(data, version_id)
    return gone


def pin(data: DataDir, release: str, reason: str, at: str) -> str:
    """Keep a release whatever the retention says; returns its id."""
    name = find_release(data, release).name
    with deciding(data) as db:
        db.execute("INSERT OR REPLACE INTO pins VALUES (?, ?, ?)", (name, reason, at))
    return name


def unpin(data: DataDir, release: str) -> str:
    name = find_release(data, release).name
    with deciding(data) as db:
        if not db.execute("DELETE FROM pins WHERE version_id = ?", (name,)).rowcount:
            raise ConfigError(f"release {name} is not pinned; `trainer versions` says which are")
    return name
