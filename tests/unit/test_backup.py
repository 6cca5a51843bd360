"""The drill: whatever is lost, a backup brings it back, byte for byte; or nothing changes."""

from __future__ import annotations

import io
import shutil
import sqlite3
import tarfile
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.release_fixtures import small_release
from tests.unit.identity_world import WHEN, IdentityWorld, creator, record, shot, uuid
from trainer.cli import app
from trainer.config.settings import Settings
from trainer.errors import ConfigError, DamagedFileError, StageFailed
from trainer.exclusions.edit import add
from trainer.exclusions.entries import read_entries
from trainer.release.publish import publish
from trainer.retention.releases import pin
from trainer.runs.record import RunRecord, write_record
from trainer.staging.atomic import sha256_file
from trainer.staging.paths import DataDir
from trainer.state.decisions import deciding, read_decisions
from trainer.state.guard import require_state_of_releases
from trainer.state.store import note_published, read_identities, read_snapshots
from trainer.upkeep.backup import back_up, backups_in
from trainer.upkeep.backup_read import read_backup
from trainer.upkeep.restore import restore

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
RELEASE = "20261101_000000"
HERS = f"stashdb:{uuid(1)}"
KEY = "canary-of-a-key"


@pytest.fixture(scope="module")
def full(tmp_path_factory) -> Path:
    """A DATA_DIR with everything that a backup may hold."""
    root = tmp_path_factory.mktemp("full") / "data"
    world = IdentityWorld(root, {key: creator(key) for key in ("stashdb", "fansdb")})
    rows = [
        record("stashdb", 1, "Ana Vask", shots=[shot(1, 0)]),
        record("fansdb", 2, "Bo Ren", shots=[shot(2, 0)]),
    ]
    context = world.run("week-1", rows)
    world.publish(context)
    data = world.data
    with deciding(data) as db:
        for key in ("stashdb", "fansdb"):
            db.execute("INSERT INTO snapshots VALUES (?, 'week-1', ?, 1, ?)", (key, WHEN, WHEN))
    write_record(context.run, RunRecord(id="week-1", started_at=WHEN, status="completed"))
    note_published(data.state_db, "r", RELEASE, "2026.11.01", WHEN)
    publish(data, small_release(root.parent / "made"), RELEASE)
    pin(data, RELEASE, "the first", WHEN)
    add(data, "id", HERS, "asked", WHEN)
    (root / "sources.yaml").write_text("stashdb: {enabled: true}\n")
    (root / "gate.yaml").write_text("default: {min_faces: 100}\n")
    (root / "config_history").mkdir()
    (root / "config_history" / "000001.json").write_text("{}")
    return root


@pytest.fixture
def data(full, tmp_path) -> DataDir:
    return DataDir(Path(shutil.copytree(full, tmp_path / "data", symlinks=True)))


def backed_up(data: DataDir, to: Path, **more):
    more = {"faces": True, "releases": True} | more
    return back_up(Settings.load(data.root), NOW, to=to, **more).path


def known(data: DataDir) -> dict[str, object]:
    """What a restored DATA_DIR has to know."""
    return {
        "ids": read_identities(data.state_db),
        "snapshots": read_snapshots(data.state_db),
        "exclusions": [(e.kind, e.value, e.members) for e in read_entries(data)],
        "pins": read_decisions(data, "SELECT * FROM pins"),
    }


def digests(data: DataDir) -> dict[Path, str]:
    return {p: sha256_file(p) for p in data.root.rglob("*") if p.is_file() and p != data.lock}


@pytest.mark.parametrize("form", ["tar", "folder"])
def test_on_an_empty_disk_everything_is_back(data, tmp_path, form):
    path = backed_up(data, tmp_path / "backups", form=form)
    empty = DataDir(tmp_path / "empty")
    done = restore(empty, path)
    assert known(empty) == known(data)
    for name in read_backup(path).files:
        if name not in ("state.db", "exclusions.yaml"):
            assert (empty.root / name).read_bytes() == (data.root / name).read_bytes()
    assert empty.current.resolve().name == RELEASE
    assert empty.performers_link(RELEASE).exists() and empty.runs_json.exists()
    require_state_of_releases(empty.state_db)
    assert any("set these again: " in line and "STASHDB_API_KEY" in line for line in done.lines())


def test_each_file_lost_in_turn_is_back(data, tmp_path):
    path = backed_up(data, tmp_path / "backups", form="folder")
    before, files = known(data), read_backup(path).files
    assert {"state.db", "exclusions.yaml", "sources.yaml", "gate.yaml"} < files.keys()
    assert any(name.startswith("faces/") for name in files)
    assert any("/snapshot/" in name for name in files)
    for name in files:
        (data.root / name).unlink()
        restore(data, path, replace=True)
        assert (data.root / name).exists(), name
        assert known(data) == before, name


def test_a_backup_that_lacks_a_file_or_has_another_changes_nothing(data, tmp_path):
    path = backed_up(data, tmp_path / "backups", form="folder")
    before = digests(data)
    for name in [*read_backup(path).files, "backup.json"]:
        whole = (path / name).read_bytes()
        (path / name).unlink()
        with pytest.raises((DamagedFileError, ConfigError)):
            restore(data, path, replace=True)
        (path / name).write_bytes(whole[:-1] + b"\0x")
        with pytest.raises((DamagedFileError, ConfigError)):
            restore(data, path, replace=True)
        (path / name).write_bytes(whole)
    assert digests(data) == before


def test_what_is_replaced_is_set_aside_and_only_if_asked(data, tmp_path):
    path = backed_up(data, tmp_path / "backups")
    with pytest.raises(StageFailed, match="--replace"):
        restore(data, path)
    (data.root / "gate.yaml").write_text("default: {min_faces: 200}\n")
    restore(data, path, replace=True)
    assert "100" in (data.root / "gate.yaml").read_text()
    aside = next(data.quarantine.rglob("gate.yaml"))
    assert "200" in aside.read_text() and list(data.quarantine.rglob("state.db"))


def test_who_was_excluded_since_stays_excluded(data, tmp_path):
    path = backed_up(data, tmp_path / "backups")
    other = f"fansdb:{uuid(2)}"
    add(data, "id", other, "asked later", WHEN)
    restore(data, path, replace=True)
    assert {entry.value for entry in read_entries(data)} == {HERS, other}


def test_a_list_that_cannot_be_read_does_not_keep_from_restoring(data, tmp_path):
    path = backed_up(data, tmp_path / "backups")
    (data.root / "exclusions.yaml").write_bytes(b"\xff")
    done = restore(data, path, replace=True)
    assert [entry.value for entry in read_entries(data)] == [HERS]
    assert any("quarantine/" in line for line in done.to_do)


def test_an_older_backup_beside_a_newer_release_says_what_is_next(data, tmp_path):
    path = backed_up(data, tmp_path / "backups")
    note_published(data.state_db, "r2", "20261108_000000", "2026.11.08", WHEN)
    made = small_release(tmp_path / "made", "20261108_000000", "2026.11.08", people=30)
    publish(data, made, "20261108_000000")
    done = restore(data, path, replace=True)
    assert any("`trainer state rebuild`" in line for line in done.to_do)
    assert data.current.resolve().name == "20261108_000000"


def test_by_choice_without_faces_and_releases(data, tmp_path):
    files = read_backup(backed_up(data, tmp_path / "b", faces=False, releases=False)).files
    assert not [n for n in files if n.startswith(("faces/", "releases/"))]


def test_keys_are_named_and_not_copied(data, tmp_path, monkeypatch):
    monkeypatch.setenv("STASHDB_API_KEY", KEY)
    monkeypatch.setenv("TRAINER_SIGNING_KEY", str(tmp_path / "key.pem"))
    (tmp_path / "key.pem").write_text(KEY)
    path = backed_up(data, tmp_path / "backups")
    assert KEY.encode() not in path.read_bytes()
    keys = read_backup(path).keys
    assert "STASHDB_API_KEY" in keys and f"the file {tmp_path / 'key.pem'}" in keys
    assert path.stat().st_mode & 0o077 == 0


def test_it_is_consistent_while_others_write(data, tmp_path):
    """Every pair of rows is written in one transaction: a backup has both or none."""
    stop, failed = threading.Event(), []

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with deciding(data) as db:
                for half in ("a", "b"):
                    db.execute("INSERT INTO pins VALUES (?, '', '')", (f"{half}{number}",))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(5):
            moment = NOW + timedelta(seconds=number)
            path = back_up(Settings.load(data.root), moment, to=tmp_path / "b", form="folder").path
            with closing(sqlite3.connect(path / "state.db")) as db:
                assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                rows = [row[0] for row in db.execute("SELECT version_id FROM pins")]
            pairs = {row[1:] for row in rows if row[0] in "ab"}
            failed += [n for n in pairs if not {f"a{n}", f"b{n}"} <= set(rows)]
    finally:
        stop.set()
        thread.join()
    assert not failed


def test_only_the_newest_are_kept_and_a_killed_one_counts_for_nothing(data, tmp_path):
    folder = tmp_path / "b"
    for number in range(4):
        moment = NOW + timedelta(days=number)
        done = back_up(Settings.load(data.root), moment, to=folder, keep=2)
    assert len(backups_in(folder)) == 2 and len(done.removed) == 1
    (folder / ".tmp-stash-sense-backup-x.tar").write_bytes(b"half")
    assert len(backups_in(folder)) == 2


def test_a_tar_that_reaches_elsewhere_is_refused(data, tmp_path):
    path = backed_up(data, tmp_path / "backups")
    manifest = read_backup(path)
    bad = tmp_path / "bad.tar"
    for name in ("../../etc/evil", "/etc/evil", "runs/../../x/run.json", ".bashrc"):
        text = manifest.model_copy(update={"files": {name: "0" * 64}}).model_dump_json().encode()
        with tarfile.open(bad, "w") as tar:
            header = tarfile.TarInfo("backup.json")
            header.size = len(text)
            tar.addfile(header, io.BytesIO(text))
        with pytest.raises(ConfigError, match="is no file of a backup"):
            restore(DataDir(tmp_path / "new"), bad)
    with tarfile.open(bad, "w") as tar:
        header = tarfile.TarInfo("backup.json")
        header.type, header.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(header)
    with pytest.raises(ConfigError):
        restore(DataDir(tmp_path / "new"), bad)


def test_the_commands(data, tmp_path):
    run = CliRunner()
    root = ["--data-dir", str(data.root)]
    made = run.invoke(app, ["backup", "--to", str(tmp_path / "b"), *root])
    assert made.exit_code == 0 and "not copied, keep them elsewhere" in made.stdout
    path = made.stdout.partition(": ")[0]
    done = run.invoke(app, ["restore", path, "--data-dir", str(tmp_path / "new")])
    assert done.exit_code == 0 and "are back" in done.stdout
    assert isinstance(
        run.invoke(app, ["restore", str(data.state_db), *root]).exception, StageFailed
    )
    bad = run.invoke(app, ["restore", str(data.state_db), "--data-dir", str(tmp_path / "n")])
    assert isinstance(bad.exception, ConfigError)
