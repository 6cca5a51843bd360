"""Releases after publishing: flipped bits, pins, retention, rollback."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.release_fixtures import small_release
from trainer.cli import app
from trainer.errors import ConfigError, DamagedFileError, StageFailed
from trainer.pipeline.rollback import rollback
from trainer.release import contract
from trainer.release.export import export
from trainer.release.files import Manifest, current_id, hash_problems, read_manifest, seal
from trainer.release.publish import next_version, publish
from trainer.release.readme import README
from trainer.release.signing import new_key, require_signed, sign
from trainer.release.verify import verify, write_report
from trainer.retention.releases import pin, retain, unpin
from trainer.staging.atomic import read_json
from trainer.staging.paths import DataDir
from trainer.state.decisions import deciding
from trainer.state.store import note_published, published_versions

DAYS = [f"202611{day:02d}_000000" for day in range(1, 6)]
MOMENT = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("made")
    made = []
    for number, day in enumerate(DAYS):
        version = f"{day[:4]}.{day[4:6]}.{day[6:8]}"
        made.append(small_release(root, day, version, people=25 + number))
        write_report(made[-1], verify(made[-1]))
    return made


@pytest.fixture
def data(made: list[Path], tmp_path: Path) -> DataDir:
    data = DataDir(tmp_path)
    for path in made:
        staged = tmp_path / "runs" / path.name / "release"
        version = read_manifest(path).version
        note_published(data.state_db, path.name, path.name, version, "2026-11-01T00:00:00Z")
        publish(data, Path(shutil.copytree(path, staged)), path.name)
    return data


def ids(data: DataDir) -> list[str]:
    return sorted(p.name for p in data.releases.iterdir() if not p.is_symlink())


@pytest.mark.parametrize("seed", range(3))
def test_any_flipped_bit_of_any_file_is_found(data, seed):
    directory, dice = data.release(DAYS[0]), random.Random(seed)
    names = sorted(path.name for path in directory.iterdir())
    assert {contract.SUMS, contract.REPORT_SUMS, "verify.json"} <= set(names)
    for name in names:
        path = directory / name
        whole = path.read_bytes()
        small = len(whole) < 1_000
        places = range(len(whole)) if small and not seed else dice.choices(range(len(whole)), k=8)
        for place in places:
            flipped = bytearray(whole)
            flipped[place] ^= 1 << dice.randrange(8)
            path.write_bytes(bytes(flipped))
            assert hash_problems(directory), f"{name}, byte {place}"
        path.write_bytes(whole)
    assert hash_problems(directory) == []
    assert verify(directory).ok


def test_what_was_added_or_taken_after_sealing_is_found(data):
    directory = data.release(DAYS[0])
    (directory / "note.txt").write_text("x")
    assert hash_problems(directory) == ["note.txt: is not of this release"]
    (directory / "note.txt").unlink()
    (directory / "verify.json").unlink()
    assert hash_problems(directory) == ["verify.json: missing"]
    seal(directory)
    assert hash_problems(directory) == []
    (data.current / contract.REPORT_SUMS).unlink()
    for path in (data.current, data.current.resolve()):
        assert hash_problems(path) == ["REPORTS.sha256: missing"]


def test_retention_keeps_the_newest_and_what_is_pinned(data):
    pin(data, DAYS[1], "for the slides", "2026-11-23T00:00:00Z")
    assert retain(data, 2, dry_run=True) == [DAYS[0], DAYS[2]]
    assert ids(data) == DAYS
    assert retain(data, 2) == [DAYS[0], DAYS[2]]
    assert ids(data) == [DAYS[1], DAYS[3], DAYS[4]]
    assert not data.performers_link(DAYS[0]).exists()
    assert data.performers_link(DAYS[1]).exists()
    unpin(data, DAYS[1])
    with pytest.raises(ConfigError, match="not pinned"):
        unpin(data, DAYS[1])
    assert retain(data, 1) == [DAYS[1], DAYS[3]]
    assert current_id(data) == DAYS[4]
    assert retain(data, 0) == []


def test_what_was_taken_out_of_sight_and_not_deleted_is_swept(data):
    data.release(DAYS[0]).rename(data.releases / f".removed-{DAYS[0]}")
    retain(data, 8)
    assert ids(data) == DAYS[1:]


def test_a_rollback_is_the_old_content_under_a_new_version(data):
    line = rollback(data, "2026.11.02", MOMENT)
    new = data.current.resolve()
    assert line.startswith(f"release {new.name} (version 2026.11.23) is current")
    for name in contract.CHECKSUMMED:
        assert (new / name).read_bytes() == (data.release(DAYS[1]) / name).read_bytes()
    manifest = read_json(new / contract.MANIFEST)
    assert manifest["republished_from"] == "2026.11.02"
    assert manifest["release_id"] == new.name
    assert verify(new).ok
    assert read_json(new / "diff.json")["old_version"] == "2026.11.05"
    assert len(read_json(new / "diff.json")["removed"]) == 3
    assert next_version(data, date(2026, 11, 23)) == "2026.11.23.1"
    assert max(published_versions(data.state_db)) == "2026.11.23"
    assert data.performers_link(new.name).exists()
    assert not list(data.releases.glob(".*"))
    assert read_manifest(data.release(DAYS[1])).version == "2026.11.02"


def test_a_rollback_is_refused_where_it_cannot_be(data):
    with pytest.raises(StageFailed, match="current one already"):
        rollback(data, DAYS[4], MOMENT)
    with pytest.raises(StageFailed, match="no release"):
        rollback(data, "2020.01.01", MOMENT)

    def refuse(path: Path) -> None:
        raise StageFailed(f"{path.name} holds somebody who was excluded")

    with pytest.raises(StageFailed, match="excluded"):
        rollback(data, DAYS[0], MOMENT, refuse)
    assert current_id(data) == DAYS[4]


def test_the_commands(data):
    def run(*words: str) -> str:
        done = CliRunner().invoke(app, [*words, "--data-dir", str(data.root)])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert run("pin", DAYS[0], "--reason", "first") == f"release {DAYS[0]} is pinned\n"
    assert "whole, verified, pinned" in run("versions").splitlines()[-1]
    assert run("retention", "--keep", "2", "--dry-run") == "2 releases would go\n"
    assert run("retention", "--keep", "2") == "2 releases gone\n"
    assert "is not pinned any more" in run("unpin", DAYS[0])
    assert "with the content of" in run("rollback", DAYS[0])


def test_a_signed_release_is_told_from_all_others(data, tmp_path):
    key = tmp_path / "keys" / "own"
    key.parent.mkdir()
    new_key(key)
    assert key.stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError, match="never overwritten"):
        new_key(key)
    rollback(data, DAYS[0], MOMENT, key=key)
    current, public = data.current.resolve(), tmp_path / "keys" / "own.pub"
    require_signed(current, public)
    assert verify(current).ok
    with zipfile.ZipFile(export(current, tmp_path / "out")) as archive:
        assert archive.namelist() == [
            *sorted([*contract.RELEASE_FILES, contract.SIGNATURE]),
            README,
        ]
    other = tmp_path / "keys" / "other"
    new_key(other)
    with pytest.raises(DamagedFileError, match="not made by"):
        require_signed(current, tmp_path / "keys" / "other.pub")
    with pytest.raises(DamagedFileError, match="not signed"):
        require_signed(data.release(DAYS[1]), public)
    manifest = (current / contract.MANIFEST).read_bytes()
    (current / contract.MANIFEST).write_bytes(manifest.replace(b"2026.11.23", b"2026.11.24"))
    with pytest.raises(DamagedFileError, match="not made by"):
        require_signed(current, public)
    with pytest.raises(ConfigError, match="no private key"):
        sign(current, public)
    done = CliRunner().invoke(app, ["keys", "new", str(tmp_path / "third")])
    assert done.exit_code == 0
    assert (tmp_path / "third.pub").exists()


def test_a_rollback_signs_nothing_that_was_changed_after_it_was_signed(data, tmp_path):
    for name in ("own", "other"):
        new_key(tmp_path / name)
    rollback(data, DAYS[0], MOMENT, key=tmp_path / "own")
    ours = data.current.resolve()
    rollback(data, DAYS[1], MOMENT, key=tmp_path / "own")  # which has no signature yet
    (ours / contract.REPORT_SUMS).unlink()
    sign(ours, tmp_path / "other")
    seal(ours)
    with pytest.raises(DamagedFileError, match="not made by own"):
        rollback(data, ours.name, MOMENT, key=tmp_path / "own")


def test_a_rollback_to_somebody_excluded_since_is_refused(data):
    with sqlite3.connect(data.release(DAYS[0]) / contract.DATABASE) as db:
        listed = db.execute("SELECT endpoint, stashbox_performer_id FROM stashbox_ids")
        source, number = listed.fetchone()
    with deciding(data) as db:
        db.execute(
            "INSERT INTO exclusions (kind, value, reason, added_at) VALUES ('id', ?, '', '')",
            (f"{source}:{number}",),
        )
    done = CliRunner().invoke(app, ["rollback", DAYS[0], "--data-dir", str(data.root)])
    assert "were excluded since" in str(done.exception)
    assert current_id(data) == DAYS[4]


def test_every_version_that_can_be_given_can_be_read(data):
    seen: list[str] = []
    for _ in range(14):
        seen.append(next_version(data, date(2026, 11, 23), also=seen))
    assert len(set(seen)) == 14
    manifest = read_json(data.release(DAYS[0]) / contract.MANIFEST)
    for version in seen:
        assert Manifest.model_validate(manifest | {"version": version}).version == version


ROLLBACK = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
left = int(sys.argv[2])
def count(event, _):
    global left
    if event in ("open", "os.rename", "os.link", "os.mkdir", "os.remove", "os.symlink"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
from trainer.pipeline.rollback import rollback
from trainer.staging.paths import DataDir
sys.addaudithook(count)
rollback(DataDir(Path(sys.argv[1])), "20261102_000000", datetime(2026, 11, 23, 12, tzinfo=UTC))
"""


@pytest.mark.parametrize("moment", [40, 120, 170, 200, 230, 260])
def test_a_rollback_killed_at_any_moment_leaves_a_whole_current(data, moment):
    argv = [sys.executable, "-c", ROLLBACK, str(data.root), str(moment)]
    done = subprocess.run(argv, capture_output=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    assert hash_problems(data.current) == []
    before = ids(data)
    if done.returncode or current_id(data) == DAYS[4]:
        rollback(data, DAYS[1], MOMENT)
    published = read_manifest(data.current.resolve()).model_dump()
    assert published["republished_from"] == "2026.11.02"
    assert len(ids(data)) == 6, f"{before}: a second release of the same content"
    assert hash_problems(data.current) == []
    assert not list(data.releases.glob(".*"))


def test_a_publishing_killed_after_sealing_can_be_repeated(made, tmp_path):
    data = DataDir(tmp_path)
    staged = Path(shutil.copytree(made[0], tmp_path / "runs" / "x" / "release"))
    seal(staged)
    write_report(staged, verify(staged).model_copy(update={"checks": []}))  # a step ran again
    publish(data, staged, DAYS[0])
    assert hash_problems(data.current) == []
