"""A state.db that was lost, emptied or is of before: nothing begins anew, nobody comes back."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest
import yaml
from typer.testing import CliRunner

from tests.release_fixtures import small_release
from tests.unit.identity_world import IdentityWorld, creator, record, shot, uuid
from trainer.cli import app
from trainer.errors import ConfigError, StageFailed
from trainer.exclusions.edit import add, remove
from trainer.exclusions.entries import read_entries
from trainer.exclusions.list_file import bring_in, list_path, read_list
from trainer.pipeline.steps import resolve
from trainer.release.publish import publish
from trainer.staging.frames import read_frame
from trainer.staging.paths import DataDir
from trainer.state.guard import require_state_of_releases
from trainer.state.store import note_published, published_versions, read_identities, read_snapshots
from trainer.upkeep.rebuild import rebuild_state

WHEN = "2026-11-02T00:00:00Z"
RELEASE, LATER = "20261101_000000", "20261108_000000"
HERS = f"stashdb:{uuid(1)}"


def rows():
    return [
        record("stashdb", 1, "Ana Vask", birth_date="1990-01-31", shots=[shot(1, 0)]),
        record("stashdb", 2, "Bo Ren", birth_date="1991-01-31", shots=[shot(2, 0)]),
    ]


@pytest.fixture
def data(tmp_path) -> DataDir:
    """One release, published from a state.db that knows it."""
    data = DataDir(tmp_path / "data")
    note_published(data.state_db, "run-1", RELEASE, "2026.11.01", WHEN)
    publish(data, small_release(tmp_path / "made"), RELEASE)
    return data


def lost(data: DataDir) -> None:
    for path in data.root.glob("state.db*"):
        path.unlink()


@pytest.mark.parametrize("how", ["missing", "empty"])
def test_releases_without_state_are_an_error_that_says_how_to_restore(data, how):
    lost(data)
    if how == "empty":
        data.state_db.touch()
    for work in (
        lambda: require_state_of_releases(data.state_db),
        lambda: read_identities(data.state_db),
        lambda: add(data, "id", HERS, "asked", WHEN),
        lambda: note_published(data.state_db, "run-2", LATER, "2026.11.08", WHEN),
        lambda: bring_in(data),
    ):
        with pytest.raises(StageFailed, match="`trainer state rebuild`"):
            work()
    assert not data.state_db.exists() or not data.state_db.stat().st_size


def test_a_state_that_is_older_than_the_newest_release_is_refused(data, tmp_path):
    shutil.copytree(data.release(RELEASE), data.release(LATER))
    with pytest.raises(StageFailed, match=f"does not know release {LATER}"):
        require_state_of_releases(data.state_db)


def test_without_a_release_a_first_build_needs_no_state(tmp_path):
    require_state_of_releases(tmp_path / "state.db")
    assert read_identities(tmp_path / "state.db").highest_id == 0


def test_every_change_of_the_list_is_in_the_file(tmp_path):
    data = DataDir(tmp_path)
    entry, _ = add(data, "id", HERS, "asked by mail", WHEN)
    content = yaml.safe_load(list_path(data).read_text())
    assert content["exclusions"] == [
        {"kind": "id", "value": HERS, "reason": "asked by mail", "added_at": WHEN, "with": []}
    ]
    remove(data, entry.number, WHEN)
    assert read_list(data) == []


def test_the_file_wins_over_a_state_that_lacks_an_entry(tmp_path):
    data = DataDir(tmp_path)
    add(data, "id", HERS, "asked", WHEN)
    lost(data)
    assert bring_in(data) == 1 and bring_in(data) == 0
    assert [(e.kind, e.value) for e in read_entries(data)] == [("id", HERS)]


def test_a_line_that_was_only_deleted_from_the_file_is_written_again(tmp_path):
    data = DataDir(tmp_path)
    add(data, "id", HERS, "asked", WHEN)
    list_path(data).unlink()
    bring_in(data)
    assert [entry.value for entry in read_list(data) or ()] == [HERS]


@pytest.mark.parametrize(
    "content",
    [
        b"exclusions: [",
        b"\xff\xfe\x00",
        b"exclusions:\n- {kind: name, value: x}\n",
        b"exclusions: 3",
    ],
)
def test_a_list_that_cannot_be_read_stops_everything(tmp_path, content):
    list_path(DataDir(tmp_path)).write_bytes(content)
    with pytest.raises(ConfigError, match=r"exclusions\.yaml"):
        bring_in(DataDir(tmp_path))


def test_an_excluded_person_does_not_come_back_with_an_old_state(tmp_path):
    """Excluded after the backup: the state that is restored does not know of it."""
    world = IdentityWorld(tmp_path, {"stashdb": creator("stashdb")})
    context = world.run("week-1", rows())
    world.publish(context)
    backup = tmp_path / "backup.db"
    with (
        closing(sqlite3.connect(world.data.state_db)) as db,
        closing(sqlite3.connect(backup)) as to,
    ):
        db.backup(to)
    add(world.data, "id", HERS, "asked", WHEN)
    lost(world.data)
    shutil.copy(backup, world.data.state_db)
    again = world.run("week-2", rows())
    names = read_frame(again.run.resolve / "performers.parquet")["canonical_name"].to_list()
    assert names == ["Bo Ren"]
    assert resolve.run(again)["excluded"]


def test_a_rebuilt_state_goes_on_with_the_releases_ids(data, tmp_path):
    before = {row["id"] for row in _people(data)}
    add(data, "id", HERS, "asked", WHEN)
    lost(data)
    done = rebuild_state(data)
    assert done.exclusions == 1 and done.performers == len(before)
    known = read_identities(data.state_db)
    assert known.highest_id == max(before) and set(known.claims.values()) == before
    assert published_versions(data.state_db) == {"2026.11.01"}
    require_state_of_releases(data.state_db)


def test_an_older_state_gets_the_newer_releases_ids(data, tmp_path):
    staged = small_release(tmp_path / "later", LATER, "2026.11.08", people=30)
    shutil.copytree(staged, data.release(LATER))
    rebuild_state(data, without_exclusions=True)
    require_state_of_releases(data.state_db)
    assert read_identities(data.state_db).highest_id == 30


def test_snapshots_of_the_runs_are_known_again(tmp_path):
    world = IdentityWorld(tmp_path, {"stashdb": creator("stashdb")})
    world.publish(world.run("week-1", rows()))
    shutil.copytree(small_release(tmp_path / "made"), world.data.release(RELEASE))
    lost(world.data)
    rebuild_state(world.data, without_exclusions=True)
    row = read_snapshots(world.data.state_db)["stashdb"]
    assert (row.run_id, row.watermark, row.live_performers) == ("week-1", None, 2)


def test_without_the_list_a_person_says_that_nobody_was_excluded(data):
    lost(data)
    with pytest.raises(ConfigError, match="--without-exclusions"):
        rebuild_state(data)
    given = ["state", "rebuild", "--without-exclusions", "--data-dir", str(data.root)]
    assert "state.db: " in CliRunner().invoke(app, given).stdout


def _people(data: DataDir) -> list[dict[str, int]]:
    with closing(sqlite3.connect(data.release(RELEASE) / "performers.db")) as db:
        return [{"id": row[0]} for row in db.execute("SELECT id FROM performers")]
