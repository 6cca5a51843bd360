"""Nothing that holds somebody who was excluded is handed on: zips, deltas, candidates, releases."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.release_fixtures import small_release
from trainer.cli import app
from trainer.errors import StageFailed
from trainer.exclusions.edit import add
from trainer.exclusions.purge import purge
from trainer.release.contract import DATABASE
from trainer.release.publish import publish
from trainer.release.verify import verify, write_report
from trainer.staging.paths import DataDir
from trainer.state.store import note_published

WHEN = "2026-11-02T00:00:00Z"
DAYS = ["20261101_000000", "20261102_000000"]
ZIPS = [f"stash-sense-data-v2026.11.0{n}.zip" for n in (1, 2)]
DELTA = "stash-sense-delta-v2026.11.01-v2026.11.02.zip"
OLD, NEW = 1, 26  # a performer of both releases, and one of the newer one only


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("made")
    made = [small_release(root, day, f"2026.11.{day[6:8]}", 25 + n) for n, day in enumerate(DAYS)]
    for path in made:
        write_report(path, verify(path))
    return made


@pytest.fixture
def data(made: list[Path], tmp_path: Path) -> DataDir:
    data = DataDir(tmp_path)
    for path in made:
        note_published(data.state_db, path.name, path.name, path.name, WHEN)
        publish(
            data, Path(shutil.copytree(path, tmp_path / "runs" / path.name / "release")), path.name
        )
    for words in (["export", DAYS[0]], ["export", DAYS[1]], ["delta", "make", DAYS[0], DAYS[1]]):
        assert run(data, *words) is None
    shutil.copytree(made[1], tmp_path / "runs" / "waits" / "release")
    return data


def run(data: DataDir, *words: str) -> BaseException | None:
    done = CliRunner().invoke(app, [*words, "--data-dir", str(data.root)])
    return done.exception


def packages(data: DataDir) -> list[str]:
    return sorted(path.name for path in data.exports.iterdir())


def of(data: DataDir, who: int, column: str) -> str:
    """A record or a picture of the performer `who`, as the exclusion list spells it."""
    tables = {
        "id": "SELECT endpoint || ':' || stashbox_performer_id FROM stashbox_ids "
        "WHERE performer_id = ?",
        "image": "SELECT image_sha256 FROM face_provenance JOIN faces ON faces.id = face_id "
        "WHERE performer_id = ?",
    }
    with sqlite3.connect(data.release(DAYS[1]) / DATABASE) as db:
        found: str = db.execute(tables[column], (who,)).fetchone()[0]
    return found


@pytest.mark.parametrize("kind", ["id", "image"])
def test_who_is_in_both_takes_all_that_holds_the_person_along(data, kind):
    add(data, kind, of(data, OLD, kind), "asked", "2026-11-03T00:00:00Z")
    done = purge(data)
    assert done.packages == ZIPS
    assert done.releases == DAYS
    assert done.candidates == ["waits"]
    assert packages(data) == [DELTA]  # has nobody who did not change


@pytest.mark.parametrize("kind", ["id", "image"])
def test_who_is_new_takes_the_delta_along(data, kind):
    add(data, kind, of(data, NEW, kind), "asked", "2026-11-03T00:00:00Z")
    for leftover in (".tmp-a.zip", ".tmp-b"):
        (data.exports / leftover).mkdir()
    done = purge(data)
    assert done.packages == [ZIPS[1], DELTA]
    assert done.releases == DAYS[1:]
    assert packages(data) == ZIPS[:1]
    assert purge(data).packages == []


def test_no_zip_and_no_delta_is_made_of_a_release_that_holds_somebody_excluded(data):
    add(data, "id", of(data, NEW, "id"), "asked", "2026-11-03T00:00:00Z")
    purge(data)
    for words in (["export"], ["export", DAYS[1]], ["delta", "make", DAYS[0]]):
        refused = run(data, *words)
        assert isinstance(refused, StageFailed)
        assert "excluded since" in str(refused)
    assert run(data, "export", DAYS[0]) is None
    assert run(data, "delta", "make", DAYS[1], DAYS[0]) is None


def test_a_package_that_cannot_be_read_goes_and_a_foreign_file_stays(data):
    (data.exports / ZIPS[0]).write_bytes(b"torn")
    (data.exports / "notes.zip").write_bytes(b"not ours")
    add(data, "id", of(data, NEW, "id"), "asked", "2026-11-03T00:00:00Z")
    purge(data)
    assert packages(data) == ["notes.zip"]
