"""A new state.db out of what is still there: the releases' ids, and the runs' snapshots.

What people decided (merges, splits, pins, review items that were left) is in no release and is
lost; exclusions come back from exclusions.yaml.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from trainer.errors import ConfigError, DamagedFileError, StageFailed
from trainer.exclusions.list_file import bring_in, list_path, read_list
from trainer.reasons import reason
from trainer.release.contract import DATABASE
from trainer.release.files import read_manifest, release_dirs
from trainer.staging.lock import build_lock
from trainer.staging.parquet import read_table, stream_rows
from trainer.staging.paths import DataDir
from trainer.staging.schemas import IMAGES
from trainer.state.seal import transaction
from trainer.state.store import writing
from trainer.upkeep.damage import check_state

log = logging.getLogger(__name__)

RUN_ID = "rebuilt"


@dataclass
class Rebuilt:
    """What the new state.db holds."""

    release: str
    performers: int = 0
    claims: int = 0
    sources: int = 0
    pictures: int = 0
    exclusions: int = 0

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"state.db: {self.performers} ids and {self.claims} records, the newest of release "
            f"{self.release}; snapshots of {self.sources} sources, {self.pictures} pictures; "
            f"{self.exclusions} exclusions",
            "merges and splits that people decided, pins and reviews that were left are not in a "
            "release: decide them again; the next build reads its sources whole",
        ]


def rebuild_state(data: DataDir, *, without_exclusions: bool = False) -> Rebuilt:
    """Seed state.db from the releases that are there, newest first; one that exists is added to.

    Raises `ConfigError` where exclusions.yaml is missing, unless `without_exclusions`, and
    `StageFailed` where there is no whole release.
    """
    with build_lock(data.lock):
        if read_list(data) is None and not without_exclusions and not _has_exclusions(data):
            raise ConfigError(
                f"{list_path(data)} is not there, so nobody would be excluded any more; restore it "
                "from your backup, or pass --without-exclusions where there never were any"
            )
        databases = list(_whole_releases(data))
        if not databases:
            raise StageFailed(
                f"no whole release in {data.releases} to take ids from; restore state.db from your "
                "backup"
            )
        done = Rebuilt(databases[0].parent.name)
        check_state(data.state_db)  # what stays of it would count as sound from then on
        with writing(data.state_db) as db, transaction(db):
            _write(db, data, databases, done)
        bring_in(data)
        done.exclusions = len(read_list(data) or ())
    return done


def _has_exclusions(data: DataDir) -> bool:
    """Is this an older state.db that has the list itself?"""
    if not data.state_db.exists() or not data.state_db.stat().st_size:
        return False
    with closing(sqlite3.connect(data.state_db)) as db:
        sql = "SELECT 1 FROM sqlite_master WHERE name = 'exclusions'"
        return db.execute(sql).fetchone() is not None


def _whole_releases(data: DataDir) -> Iterator[Path]:
    """Yield the databases of releases that can be read, newest first."""
    for directory in reversed(release_dirs(data)):
        path = directory / DATABASE
        try:
            read_manifest(directory)
            with _reading(path) as db:
                sound = db.execute("PRAGMA quick_check").fetchone()[0] == "ok"
        except (DamagedFileError, sqlite3.DatabaseError) as error:
            log.info(f"state: {directory.name} is left out: {reason(error)}")
            continue
        if sound:
            yield path


def _reading(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True))


def _write(db: sqlite3.Connection, data: DataDir, databases: list[Path], done: Rebuilt) -> None:
    for path in databases:
        _ids_of(db, path)
        manifest = read_manifest(path.parent)
        name = path.parent.name
        db.execute(
            "INSERT OR IGNORE INTO published (run_id, version_id, version, published_at) "
            "VALUES (?, ?, ?, ?)",
            (f"{RUN_ID}_{name}", name, manifest.version, manifest.created_at),
        )
    for source, directory in _snapshots(data).items():
        done.pictures += _snapshot_rows(db, source, directory)
        done.sources += 1
    done.performers = db.execute("SELECT count(*) FROM performers").fetchone()[0]
    done.claims = db.execute("SELECT count(*) FROM claims").fetchone()[0]


def _ids_of(db: sqlite3.Connection, path: Path) -> None:
    """Ids and records of one release; what a newer one says of a record stands already."""
    with _reading(path) as release:
        people = release.execute("SELECT id, created_at FROM performers").fetchall()
        claims = release.execute(
            "SELECT endpoint, stashbox_performer_id, performer_id FROM stashbox_ids "
            "UNION SELECT endpoint, merged_stashbox_id, performer_id FROM merged_ids"
        ).fetchall()
    run_id = f"{RUN_ID}_{path.parent.name}"
    db.executemany(
        "INSERT OR IGNORE INTO performers (id, first_run, created_at) VALUES (?, ?, ?)",
        [(number, run_id, created) for number, created in people],
    )
    db.executemany(
        "INSERT OR IGNORE INTO claims (source, source_id, performer_id, first_run) "
        "VALUES (?, ?, ?, ?)",
        [(*claim, run_id) for claim in claims],
    )


def _snapshots(data: DataDir) -> dict[str, Path]:
    """Return the newest snapshot of each source that a run left, by the run's plan."""
    found: dict[str, Path] = {}
    for path in sorted(data.runs.glob("*/snapshot/*/performers.parquet"), key=_written):
        found[path.parent.name] = path.parent
    return dict(sorted(found.items()))


def _written(path: Path) -> tuple[float, str]:
    return path.stat().st_mtime, str(path)


def _snapshot_rows(db: sqlite3.Connection, source: str, directory: Path) -> int:
    """A source that state.db has no snapshot of, with its pictures; returns how many. Without a
    watermark the next crawl reads the source whole."""
    if db.execute("SELECT 1 FROM snapshots WHERE source = ?", (source,)).fetchone():
        return 0
    try:
        deleted = read_table(directory / "performers.parquet", ["deleted"]).column("deleted")
        rows: list[dict[str, Any]] = list(stream_rows(directory / "images.parquet", IMAGES.names))
    except DamagedFileError as error:
        log.info(f"state: the snapshot of {source} is left out: {reason(error)}")
        return 0
    live = pc.sum(pc.invert(deleted)).as_py() or 0
    run_id = directory.parents[1].name
    db.execute("INSERT INTO snapshots VALUES (?, ?, NULL, ?, NULL)", (source, run_id, live))
    db.executemany(
        f"INSERT OR IGNORE INTO image_ledger ({', '.join(IMAGES.names)}) "  # noqa: S608
        f"VALUES ({', '.join('?' * len(IMAGES.names))})",
        [tuple(row[name] for name in IMAGES.names) for row in rows],
    )
    return len(rows)
