"""A small DATA_DIR with invented people, for the tests of the reports."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import trainer.release as release_package
from trainer.identity.reviews import Review, write_reviews
from trainer.runs.record import DiffSummary, RunRecord, RunStats, SourceStats, write_record
from trainer.staging.manifest import StageError
from trainer.staging.paths import DataDir

AIRFLOW_RUN = "manual__2026-01-08T01:02:03.5+00:00"
HOSTILE = (
    "\u202eevil **bold** <script>alert(1)</script> <b>x</b> [a](javascript:alert(1)) $x$ :red[y]"
    + " long" * 60
)
SCHEMA = Path(release_package.__file__).with_name("schema.sql")
OLD, MIDDLE, NEW = "20260101_000000", "20260105_000000", "20260108_000000"


def release(data: DataDir, version_id: str, names: dict[str, str], diff: dict) -> None:
    root = data.release(version_id)
    root.mkdir(parents=True)
    version = f"{version_id[:4]}.{version_id[4:6]}.{version_id[6:8]}"
    manifest = {
        "version": version,
        "created_at": "2026-01-08T02:00:00Z",
        "performer_count": len(names),
        "face_count": 7 * len(names),
        "sources": ["stashdb"],
        "models": {"pack": "p"},
        "checksums": {},
    }
    evaluation = {
        "closed_set": {
            "rank_1": 0.75 + 0.01 * len(names),
            "rank_1_interval": [0.7, 0.9],
            "rank_5": 1.0,
            "queries": 14,
        },
        "curve": [{"distance": 0.1 * i, "false_accept": 0.1 * i} for i in range(11)],
        "open_set": {"queries": 14, "points": [{"threshold": 0.5, "false_accept": 0.123}]},
        "index_recall": {"a.voy": {"recall_at_10": 1.0}, "b.voy": {"recall_at_10": 0.995}},
        "pair_distances": {"step": 0.1, "genuine": [1, 5, 4, 0], "impostor": [0, 0, 2, 8, 0]},
        "faces_per_performer": {"7": len(names)},
        "one_face_share": 0.0,
        "note": "Measured on a few.",
    }
    _json(root / "manifest.json", manifest)
    _json(root / "evaluate.json", evaluation)
    _json(root / "diff.json", {"new_version": version_id, **diff})
    _json(root / "verify.json", {"ok": True, "checks": []})
    database(root / "performers.db", names)


def database(path: Path, names: dict[str, str]) -> None:
    """performers.db with one face per performer, whose ids are those of `names`."""
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(SCHEMA.read_text(encoding="utf-8"))
        for number, name in names.items():
            db.execute(
                "INSERT INTO performers (id, canonical_name) VALUES (?, ?)", (int(number), name)
            )
            endpoint = "stashdb"
            db.execute(
                "INSERT INTO stashbox_ids (performer_id, endpoint, stashbox_performer_id) "
                "VALUES (?, ?, ?)",
                (int(number), endpoint, number),
            )
            db.execute(
                "INSERT INTO faces (id, performer_id, facenet_index, arcface_index, "
                "source_endpoint) VALUES (?, ?, ?, ?, ?)",
                (int(number), int(number), int(number), int(number), endpoint),
            )
            db.execute(
                "INSERT INTO face_provenance (face_id, image_sha256, face_no, source, model_pack, "
                "rule) VALUES (?, ?, 0, 'stashdb', 'p', 'single_face')",
                (int(number), f"{int(number):064x}"),
            )


def normal(root: Path) -> DataDir:
    """Three releases, two runs; the newest run is Airflow's and ended partial."""
    data = DataDir(root)
    release(data, OLD, {"1": "Ada Invented", "2": "Bo Invented"}, {"old_version": None})
    release(data, MIDDLE, {"1": "Ada Invented"}, {"old_version": OLD})
    added = [{"performer_id": 3, "universal_id": "stashdb.org:3", "name": HOSTILE}]
    release(
        data,
        NEW,
        {"1": "Ada Renamed", "3": HOSTILE, "4": "Cy Invented"},
        {"old_version": MIDDLE, "added": added, "faces_added": 14, "faces_removed": 0},
    )
    data.current.symlink_to(NEW)
    first = RunRecord(id="first", started_at="2026-01-01T00:00:00Z", status="completed")
    write_record(data.run("first"), first)
    run = data.run(AIRFLOW_RUN)
    write_record(run, _airflow_record(run.run_id))
    write_reviews(run.resolve, [_review("unconfirmed_page"), _review("page_moved")])
    return data


def _review(kind: str) -> Review:
    url = "https://demosite.example/star/1"
    return Review(kind=kind, source="demosite", url=url, performers=(3, 4), text=HOSTILE)


def _airflow_record(run_id: str) -> RunRecord:
    error = StageError(
        kind="http_500", source="stashdb", url="http://127.0.0.1/x", field="images", message=HOSTILE
    )
    source = SourceStats(status="complete", performers=41, images_fetched=17, faces=14, errors=1)
    return RunRecord(
        id=run_id,
        started_at="2026-01-08T01:02:03Z",
        completed_at="2026-01-08T02:00:00Z",
        status="partial",
        params={"sources": ["stashdb"]},
        stats=RunStats(performers_processed=41, errors=1, by_source={"stashdb": source}),
        diff_from_previous=DiffSummary(new_performers=2, new_faces=14),
        release=NEW,
        version="2026.01.08",
        gate={
            "passed": False,
            "checks": [{"name": "rank-1", "ok": False, "expected": "0.9", "actual": "0.78"}],
        },
        errors=[error],
        reviews={"unconfirmed_page": 1, "page_moved": 1},
        steps={
            "plan": {"status": "done", "seconds": 75.0},
            "crawl-stashdb": {"status": "done", "seconds": 600.0},
        },
        stages={"stashdb": {"face": 15, "fetched": 17, "quality": 14, "selected": 10, "trust": 12}},
        funnel={
            "stashdb": {
                "single_face": 10,
                "no_face": 2,
                "face_too_small": 1,
                "several_faces": 2,
                "over_total": 2,
            }
        },
    )


def _json(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content))
