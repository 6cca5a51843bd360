"""A state.db of every earlier trainer is brought up to date; one of a newer trainer is refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.unit.test_state import FIRST, SECOND
from trainer.cli import app
from trainer.errors import StageFailed
from trainer.exclusions.edit import add
from trainer.exclusions.entries import read_entries
from trainer.staging.paths import DataDir
from trainer.state.decisions import deciding
from trainer.state.migrate import MEMBERS_VERSION
from trainer.state.store import (
    commit_release,
    published_versions,
    read_identities,
    read_snapshots,
    writing,
)
from trainer.state.version import STATE_VERSION

WHEN = "2026-01-01T00:00:00Z"
SCHEMAS = sorted((Path(__file__).parent / "state_schemas").glob("*.sql"))
ROWS = (
    "INSERT INTO performers (id, first_run, created_at) VALUES (1, 'r', 'w'), (2, 'r', 'w')",
    "INSERT INTO claims VALUES ('stashdb', 'a', 1, 'r'), ('stashdb', 'b', 2, 'r')",
    "INSERT INTO snapshots VALUES ('stashdb', 'r', 'w', 2, 'w')",
    "INSERT INTO image_ledger (url, status, sha256, source, fetched_at) "
    "VALUES ('u', 'fetched', 'x', 'stashdb', 'w')",
    "INSERT INTO published (run_id, version_id, version, published_at) "
    "VALUES ('r', '20251225_000000', '2025.12.25', 'w')",
)
EXCLUDED = (
    "INSERT INTO exclusions (kind, value, reason, added_at) VALUES ('id', 'stashdb:b', 'x', 'w')",
    "INSERT INTO exclusion_members VALUES (1, 'id', 'fansdb:c'), (1, 'image', 'abc')",
)


def older(root: Path, schema: Path) -> DataDir:
    """A DATA_DIR of an earlier trainer, with content."""
    data = DataDir(root)
    with closing(sqlite3.connect(data.state_db)) as db:
        db.executescript(schema.read_text())
        db.execute(f"PRAGMA user_version = {schema.stem[1]}")
        for statement in ROWS:
            db.execute(statement)
        if "exclusion_members" in schema.read_text():
            for statement in EXCLUDED:
                db.execute(statement)
        db.commit()
    return data


def columns(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as db:
        names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            name: [row[1:] for row in db.execute(f"PRAGMA table_info({name})")] for (name,) in names
        }


def test_there_is_a_schema_of_every_earlier_version():
    assert {int(path.stem[1]) for path in SCHEMAS} == set(range(1, STATE_VERSION))


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_its_tables_are_those_of_a_new_one(tmp_path, schema):
    data = older(tmp_path, schema)
    with writing(data.state_db) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == STATE_VERSION
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    with writing(tmp_path / "new.db"):
        pass
    assert columns(data.state_db) == columns(tmp_path / "new.db")


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_what_it_knows_is_read_before_and_after(tmp_path, schema):
    data = older(tmp_path, schema)
    for _ in ("as it was", "brought up to date", "once more"):
        known = read_identities(data.state_db)
        assert known.claims == {("stashdb", "a"): 1, ("stashdb", "b"): 2}
        assert known.highest_id == 2 and read_snapshots(data.state_db)["stashdb"].watermark == "w"
        assert published_versions(data.state_db) == {"2025.12.25"}
        with deciding(data):
            pass


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_builds_and_decisions_go_on_with_it(tmp_path, schema):
    data = older(tmp_path, schema)
    excluded = {entry.value for entry in read_entries(data)}
    first = {3: WHEN}
    changes = FIRST.__class__(
        **(vars(SECOND) | {"new_performers": first, "merges": [], "claims": {("x", "y"): 3}})
    )
    assert commit_release(data.state_db, changes)
    add(data, "id", "stashdb:z", "asked", WHEN)
    assert {entry.value for entry in read_entries(data)} == {*excluded, "stashdb:z"}
    members = {member for entry in read_entries(data) for member in entry.members}
    if excluded:  # until version 4 nobody knew which ids were found by a link
        kind = "found" if int(schema.stem[1]) < MEMBERS_VERSION else "id"
        assert members == {(kind, "fansdb:c"), ("image", "abc")}


@pytest.mark.parametrize("words", [["build"], ["versions"], ["exclude", "list"], ["repair"]])
def test_a_newer_one_is_refused_at_the_start(tmp_path, monkeypatch, words):
    monkeypatch.setenv("TRAINER_CONTACT", "https://operator.example")
    data = DataDir(tmp_path)
    with writing(data.state_db) as db:
        db.execute(f"PRAGMA user_version = {STATE_VERSION + 1}")
    before = data.state_db.read_bytes()
    done = CliRunner().invoke(app, [*words, "--data-dir", str(tmp_path)])
    said = str(done.exception) + done.output
    assert done.exit_code == 1 and "newer trainer" in said
    assert data.state_db.read_bytes() == before and not data.runs.exists()


def test_a_newer_one_is_not_written(tmp_path):
    with writing(tmp_path / "state.db") as db:
        db.execute(f"PRAGMA user_version = {STATE_VERSION + 1}")
    with pytest.raises(StageFailed, match="update the trainer"), writing(tmp_path / "state.db"):
        pass
