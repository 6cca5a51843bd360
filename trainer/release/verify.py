"""Is this directory a release that the public sidecar loads, unchanged and whole?"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from trainer.config.environment import for_program
from trainer.errors import DamagedFileError
from trainer.reasons import plain_line, reason
from trainer.release import contract
from trainer.release.files import Manifest, hash_problems, read_manifest, read_mapping
from trainer.release.reader import PerformerReader
from trainer.staging.atomic import write_json
from trainer.staging.manifest import Check

VERIFY_JSON = "verify.json"
_PROBE = Path(__file__).with_name("index_probe.py")
_PROBE_SECONDS = 600
_SLOWEST = 1_000_000  # bytes a second that the slowest disk reads
_LOOKUPS = 50
REBUILD = "build the release again, or restore it from your backup"
MORE_FACES = "raise max_faces_total, or add sources"


class VerifyReport(BaseModel):
    """`verify.json`."""

    model_config = ConfigDict(extra="forbid")

    ok: bool
    checks: list[Check]

    def failures(self) -> list[str]:
        """One line for people per check that does not hold."""
        return [c.failure() for c in self.checks if not c.ok]


def verify(directory: Path) -> VerifyReport:
    """Check everything; never raises for a damaged release, the report says what is wrong.

    Nothing is opened before the hashes hold: damaged files can crash their readers.
    """
    problems = hash_problems(directory)
    checks = [_check("bytes are as written (sha256)", not problems, "no change", problems)]
    if not problems:
        for stage in (_database_checks, _count_checks, _index_checks, _lookup_checks):
            checks.extend(_guarded(stage, directory))
    return VerifyReport(ok=all(c.ok or not c.fatal for c in checks), checks=checks)


def write_report(directory: Path, report: VerifyReport) -> None:
    """Write verify.json into a release's directory."""
    write_json(directory / VERIFY_JSON, report.model_dump())


def _check(name: str, ok: bool, expected: Any, actual: Any, advice: str = REBUILD) -> Check:
    found = str(actual or "none")
    return Check(name=name, ok=bool(ok), expected=str(expected), actual=found, advice=advice)


def _equal(name: str, expected: Any, actual: Any) -> Check:
    ok = expected == actual
    return Check(name=name, ok=ok, expected=str(expected), actual=str(actual), advice=REBUILD)


def _guarded(stage: Callable[[Path], Iterator[Check]], directory: Path) -> list[Check]:
    """A file that cannot even be read is a failed check, not a traceback."""
    checks: list[Check] = []
    try:
        checks.extend(stage(directory))
    except (DamagedFileError, sqlite3.Error, KeyError, TypeError, ValueError) as error:
        name = stage.__name__.strip("_").replace("_", " ")
        checks.append(_check(name, False, "readable", reason(error)))
    return checks


def _database_checks(directory: Path) -> Iterator[Check]:
    path = directory / contract.DATABASE
    leftovers = sorted(p.name for p in directory.glob(f"{contract.DATABASE}-*"))
    yield _check("no journal beside the database", not leftovers, "none", leftovers)
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
        yield _equal("journal mode", "delete", _scalar(db, "PRAGMA journal_mode"))
        yield _equal("integrity_check", "ok", _scalar(db, "PRAGMA integrity_check"))
        dangling = db.execute("PRAGMA foreign_key_check").fetchall()
        yield _check("foreign keys", not dangling, "no dangling row", dangling[:5])
        versions = [row[0] for row in db.execute("SELECT version FROM schema_version")]
        yield _equal("schema version", [contract.SCHEMA_VERSION], versions)
        for table, columns in contract.STRICT_COLUMNS.items():
            found = tuple(row[1] for row in db.execute(f"PRAGMA table_info({table})"))
            yield _equal(f"columns of {table}", columns, found)
        tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master")}
        missing = sorted(set(contract.OTHER_TABLES) - tables)
        yield _check("expected tables", not missing, "all there", missing)
        shifted = _scalar(
            db,
            "SELECT count(*) FROM (SELECT facenet_index f, arcface_index a,"
            " row_number() OVER (ORDER BY id) - 1 AS n FROM faces) WHERE f != n OR a != n",
        )
        yield _equal("face rows whose index is not their position", 0, shifted)
        miscounted = _scalar(
            db,
            "SELECT count(*) FROM performers p WHERE face_count !="
            " (SELECT count(*) FROM faces WHERE performer_id = p.id)",
        )
        yield _equal("performers with a wrong face_count", 0, miscounted)
        orphans = _scalar(
            db,
            "SELECT count(*) FROM faces f LEFT JOIN face_provenance v ON v.face_id = f.id"
            " WHERE v.face_id IS NULL",
        )
        yield _equal("faces without provenance", 0, orphans)


def _scalar(db: sqlite3.Connection, sql: str) -> Any:
    return db.execute(sql).fetchone()[0]


def _count_checks(directory: Path) -> Iterator[Check]:
    manifest = read_manifest(directory)
    faces = read_mapping(directory, contract.FACES_JSON)
    performers = read_mapping(directory, contract.PERFORMERS_JSON)
    reader = PerformerReader(directory / contract.DATABASE)
    listed = {
        record["id"]: (record["canonical_name"], record["face_count"])
        for record in reader.get_performers_with_faces()
    }
    total = sum(count for _, count in listed.values())
    yield _equal("faces in faces.json", manifest.face_count, len(faces))
    yield _equal("faces in performers.db", manifest.face_count, total)
    yield _equal("performers in performers.json", manifest.performer_count, len(performers))
    yield _equal("performers with faces in performers.db", manifest.performer_count, len(listed))
    enough = f"at least {contract.NEIGHBOURS} (the sidecar asks for that many neighbours)"
    found = str(len(faces))
    yield _check("enough faces", len(faces) >= contract.NEIGHBOURS, enough, found, MORE_FACES)
    yield from _models_checks(manifest)
    unknown = sorted({str(u) for u in faces if u is not None and u not in performers})
    yield _check("faces of unlisted performers", not unknown, "none", unknown[:5])
    counts = {universal: faces.count(universal) for universal in list(performers)[:_LOOKUPS]}
    wrong = [u for u, n in counts.items() if performers[u]["face_count"] != n or not n]
    yield _check("face_count in performers.json", not wrong, "none wrong", wrong)


_KINDS: dict[type, str] = {str: "a text", bool: "true or false"}


def _models_checks(manifest: Manifest) -> Iterator[Check]:
    for key in ("facenet_dim", "arcface_dim"):
        yield _equal(f"models.{key}", contract.DIMENSIONS, manifest.models.get(key))
    for key, kind in (("detector", str), ("alignment", str), ("flip_averaging", bool)):
        value = manifest.models.get(key)
        yield _check(f"models.{key}", isinstance(value, kind), _KINDS[kind], repr(value))


def _index_checks(directory: Path) -> Iterator[Check]:
    manifest = read_manifest(directory)
    for name in (contract.FACENET_INDEX, contract.ARCFACE_INDEX):
        found, problem = _probe(directory / name)
        yield _check(f"{name}: opens", not problem, "opens", problem or "opens")
        if problem:
            continue
        yield _equal(f"{name}: vectors", manifest.face_count, found["count"])
        yield _equal(f"{name}: ids are 0 to n-1", True, found["dense"])
        yield _equal(f"{name}: dimensions", contract.DIMENSIONS, found["dimensions"])
        yield _equal(f"{name}: space", "Cosine", found["space"])
        yield _equal(f"{name}: unit vectors", True, found["unit"])
        answered = not found["query_error"] and found["found_self"] == found["asked"]
        yield _check(
            f"{name}: a query for {contract.NEIGHBOURS} neighbours finds the asked face",
            answered,
            f"{found['asked']} of {found['asked']}",
            found["query_error"] or f"{found['found_self']} of {found['asked']}",
        )


def _probe(path: Path) -> tuple[dict[str, Any], str]:
    """What a child process found in a Voyager file, or why it did not."""
    seconds = _PROBE_SECONDS + (path.stat().st_size / _SLOWEST if path.exists() else 0)
    command = [sys.executable, str(_PROBE), str(path), str(contract.NEIGHBOURS)]
    try:
        done = subprocess.run(
            command,
            env=for_program(),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {}, f"its reader hung for {seconds:.0f} s"
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return {}, f"its reader ended with {done.returncode}: {plain_line(last)}"
    return dict(json.loads(done.stdout)), ""


def _lookup_checks(directory: Path) -> Iterator[Check]:
    """A look-up by every kind of id, for a spread of performers: all must lead to the same one."""
    reader = PerformerReader(directory / contract.DATABASE)
    faces = read_mapping(directory, contract.FACES_JSON)
    wrong: list[str] = []
    step = max(1, len(faces) // _LOOKUPS)
    for index in range(0, len(faces), step):
        universal = faces[index]
        by_face = reader.by_face_index(index)
        by_universal = reader.by_universal_id(universal) if universal else by_face
        if by_face is None or by_face != by_universal:
            wrong.append(f"face {index} ({universal})")
            continue
        if by_face != reader.get_performer(by_face["id"]):
            wrong.append(f"performer {by_face['id']}")
        claims = reader.related("stashbox_ids", by_face["id"])
        for claim in claims:
            if by_face != reader.by_stashbox_id(claim["endpoint"], claim["stashbox_performer_id"]):
                wrong.append(f"{claim['endpoint']}:{claim['stashbox_performer_id']}")
        named = reader.search_by_name(by_face["canonical_name"], limit=1_000)
        if by_face["id"] not in {record["id"] for record in named}:
            wrong.append(f"name {by_face['canonical_name']!r}")
    yield _check("look-ups by face, universal id, stash-box id, name", not wrong, "none", wrong[:5])
