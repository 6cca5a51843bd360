"""A large invented DATA_DIR for the reports: cheap to make, since releases share their files."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

import trainer.release as release_package
from tests.bench import reports_reviews
from trainer.config.pipeline import STEPS
from trainer.config.sources import shipped_sources
from trainer.faces.absent import ABSENT, ABSENT_FILE
from trainer.staging.atomic import write_json
from trainer.staging.parquet import write_table
from trainer.staging.paths import DataDir

BEGIN = datetime(2024, 1, 7, tzinfo=UTC)
CHANGED = 50  # of so many performers one is another in the newest release
SCHEMA = Path(release_package.__file__).with_name("schema.sql")
INDEXES = Path(release_package.__file__).with_name("indexes.sql")


def make(root: Path, performers: int, faces: int, runs: int, releases: int) -> DataDir:
    """All of it; the newest release has other performers, names and faces than the others."""
    data = DataDir(root)
    reports_reviews.give_ids(data, _run_id(runs - 1), _version_id(releases - 1), performers)
    first = data.release(_version_id(0))
    for number in range(releases):
        directory = data.release(_version_id(number))
        directory.mkdir(parents=True)
        _database(directory, first, number, releases, performers, faces)
        _reports(directory, number, performers, faces)
    data.current.symlink_to(_version_id(releases - 1))
    for number in range(runs):
        _run(data, number, releases - runs + number)
    _absent(data.run(_run_id(runs - 1)).select / ABSENT_FILE, performers)
    reports_reviews.ask(data, _run_id(runs - 1), performers)
    reports_reviews.exclude(data)
    return data


def _version_id(number: int) -> str:
    return f"{BEGIN + timedelta(weeks=number):%Y%m%d_%H%M%S}"


def _run_id(number: int) -> str:
    return f"run-{number:04d}"


def _database(
    directory: Path, first: Path, number: int, releases: int, performers: int, faces: int
) -> None:
    path = directory / "performers.db"
    if 0 < number < releases - 1:
        os.link(first / "performers.db", path)
        return
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        db.executescript(SCHEMA.read_text(encoding="utf-8"))
        _fill(db, performers, faces, shift=int(number > 0))
        db.executescript(INDEXES.read_text(encoding="utf-8"))


def _fill(db: sqlite3.Connection, performers: int, faces: int, shift: int) -> None:
    """`shift` 1: one of CHANGED performers has another name, number or face."""
    ids = [i if not shift or i % CHANGED else i + performers for i in range(1, performers + 1)]
    db.executemany(
        "INSERT INTO performers (id, canonical_name, gender, scene_count) VALUES (?, ?, ?, ?)",
        (
            (i, f"Invented {i}{' Renamed' if shift and i % CHANGED == 1 else ''}", "FEMALE", i % 90)
            for i in ids
        ),
    )
    db.executemany(
        "INSERT INTO stashbox_ids (performer_id, endpoint, stashbox_performer_id) VALUES (?, ?, ?)",
        ((i, "stashdb", f"id-{i}") for i in ids),
    )
    owners = [(n, ids[n % performers], n, n, "stashdb") for n in range(faces)]
    db.executemany(
        "INSERT INTO faces (id, performer_id, facenet_index, arcface_index, source_endpoint) "
        "VALUES (?, ?, ?, ?, ?)",
        owners,
    )
    db.executemany(
        "INSERT INTO face_provenance (face_id, image_sha256, face_no, source, model_pack, rule) "
        "VALUES (?, ?, 0, ?, 'p', 'single_face')",
        ((n, f"{n:064x}", "stashdb" if n % 4 else "iafd") for n in range(faces)),
    )


def _reports(directory: Path, number: int, performers: int, faces: int) -> None:
    at = BEGIN + timedelta(weeks=number)
    manifest = {
        "version": f"{at:%Y.%m.%d}",
        "created_at": at.isoformat(),
        "performer_count": performers - 100 * (30 - number),
        "face_count": faces,
        "sources": sorted(shipped_sources()),
        "models": {},
        "checksums": {},
    }
    write_json(directory / "manifest.json", manifest)
    write_json(directory / "evaluate.json", _evaluation(number))
    write_json(directory / "verify.json", {"ok": True, "checks": []})
    write_json(directory / "diff.json", {"old_version": None, "new_version": manifest["version"]})
    # Names and addresses of everybody, as releases have them: no page may read this.
    (directory / "performers.json").write_text("{" + " " * 20_000_000 + "}", encoding="utf-8")


def _evaluation(number: int) -> dict[str, Any]:
    points = [
        {"threshold": t / 10, "false_accept": t / 90, "false_accept_interval": [t / 99, t / 80]}
        for t in range(3, 9)
    ]
    curve = [
        {"distance": d / 100, "false_accept": (d / 100) ** 4, "false_reject": (1 - d / 100) ** 4}
        for d in range(101)
    ]
    rank_1 = 0.9 + number / 1000
    return {
        "closed_set": {"rank_1": rank_1, "rank_1_interval": [rank_1 - 0.01, rank_1 + 0.01]},
        "open_set": {"points": points},
        "curve": curve,
        "one_face_share": 0.3,
        "index_recall": {"face_arcface.voy": {"recall_at_10": 0.995}},
        "breakdowns": {"source": {key: {"queries": 9, "rank_1": 0.9} for key in shipped_sources()}},
    }


def _run(data: DataDir, number: int, release: int) -> None:
    run = data.run(_run_id(number))
    run.root.mkdir(parents=True)
    at = BEGIN - timedelta(weeks=500) + timedelta(weeks=number)
    sources = sorted(shipped_sources())
    way = {"fetched": 9000, "face": 8000, "quality": 7000, "trust": 6000, "selected": 5000}
    rules = {"single_face": 5000, "no_face": 1000, "face_too_small": 1000, "several_faces": 1000}
    errors = [
        {"kind": f"http_{500 + e % 9}", "source": "iafd", "message": f"number {e}", "count": e + 1}
        for e in range(60)
    ]
    record: dict[str, Any] = {
        "id": run.run_id,
        "started_at": at.isoformat(),
        "completed_at": (at + timedelta(hours=9)).isoformat(),
        "status": ("completed", "partial", "failed")[number % 3],
        "params": {"sources": []},
        "stats": {
            "performers_processed": 110_000,
            "errors": 60,
            "by_source": {s: {"status": "complete", "performers": 7000} for s in sources},
        },
        "diff_from_previous": {"new_performers": 100 + number, "new_faces": 300},
        "release": _version_id(release) if release >= 0 else None,
        "funnel": dict.fromkeys(sources, rules),
        "stages": dict.fromkeys(sources, way),
        "errors": errors,
        "steps": {step.name: {"status": "done", "seconds": 60.0} for step in STEPS},
    }
    run.record.write_text(json.dumps(record), encoding="utf-8")


def _absent(path: Path, count: int) -> None:
    rows = {
        "performer_id": range(count),
        "universal_id": [f"stashdb.org:{i}" for i in range(count)],
        "name": [f"Missing {i}" for i in range(count)],
        "scene_count": [count - i for i in range(count)],
        "reason": ["no_image" if i % 3 else "no_face" for i in range(count)],
        "images": [0] * count,
    }
    path.parent.mkdir(parents=True)
    write_table(path, pa.table({k: list(v) for k, v in rows.items()}).cast(ABSENT))
