"""What an operator can cause is one sentence on stderr and an exit code, never a traceback."""

from __future__ import annotations

import io
import json
import resource
import shutil
import sqlite3
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.release_fixtures import small_release
from tests.unit.test_file_systems import as_nobody, read_only
from trainer.cli import main
from trainer.errors import DamagedFileError
from trainer.release.delta import make_delta
from trainer.release.delta_apply import apply_delta
from trainer.state import store
from trainer.state.store import note_published

__all__ = ["read_only"]
WHEN = "2026-11-01T00:00:00Z"
EXCLUDE = ["exclude", "add", "--id", "stashdb:1", "--reason", "asked"]


def said(capsys, monkeypatch, *words: str) -> tuple[int, str]:
    """Exit code and stderr of a command; anything that is no exit comes through as it is."""
    monkeypatch.setattr(sys, "argv", ["trainer", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    err = capsys.readouterr().err
    assert "Traceback" not in err
    return int(ended.value.code or 0), err


@pytest.fixture
def home(tmp_path) -> Path:
    note_published(tmp_path / "state.db", "r", "20261101_000000", "2026.11.01", WHEN)
    return tmp_path


def test_a_locked_database(home, capsys, monkeypatch):
    monkeypatch.setattr(store, "PATIENCE", 0.1)
    with closing(sqlite3.connect(home / "state.db", isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        code, err = said(capsys, monkeypatch, *EXCLUDE, "--data-dir", str(home))
    assert code == 1 and "held by another program" in err and "try again" in err


@pytest.mark.parametrize("name", ["exclusions.yaml", "gate.yaml", "sources.yaml"])
@pytest.mark.parametrize("content", [b"a: \xe9\xff\n", b"[" * 100_000, b"a: 2026-99-99\n"])
def test_configuration_that_is_no_utf_8_or_no_yaml(home, capsys, monkeypatch, name, content):
    (home / name).write_bytes(content)
    monkeypatch.setenv("TRAINER_CONTACT", "https://operator.example")
    code, err = said(capsys, monkeypatch, "build", "--data-dir", str(home))
    assert code == 2 and name in err
    assert not list(home.glob("runs/*/plan.json"))


def test_a_path_that_is_too_long(capsys, monkeypatch):
    for words in (["status"], ["build"], EXCLUDE, ["repair"]):
        monkeypatch.setenv("TRAINER_CONTACT", "https://operator.example")
        code, err = said(capsys, monkeypatch, *words, "--data-dir", "/" + 5000 * "x")
        assert code in (1, 2) and "name too long" in err


@pytest.mark.parametrize("words", [EXCLUDE, ["repair"], ["state", "rebuild"]])
def test_a_folder_of_root_or_a_read_only_disk(read_only, monkeypatch, words):
    """Another user owns it; what a read-only mount answers takes the same way."""
    read_only.chmod(0o555)
    monkeypatch.setattr(sys, "argv", ["trainer", *words, "--data-dir", str(read_only)])

    def refused() -> bool:
        sys.stderr = err = io.StringIO()
        try:
            main()
        except SystemExit as ended:
            return ended.code == 1 and "Traceback" not in err.getvalue() and "; " in err.getvalue()
        return False

    assert as_nobody(refused)


@pytest.fixture(scope="module")
def delta(tmp_path_factory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("delta")
    old = small_release(root, people=25)
    new = small_release(root, "20261108_000000", "2026.11.08", people=26)
    return old, make_delta(old, new, root)


def changed(package: Path, to: Path, **members: bytes) -> Path:
    """The package with other bytes of some members."""
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, members.get(name.split(".")[0], old.read(name)))
    return to


def array(values: object, dtype: str) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(values, dtype), allow_pickle=False)
    return buffer.getvalue()


HUGE = array([0], "<i4").replace(b"(1,)", b"(9" + b"9" * 9 + b",)").replace(b" " * 10, b"", 1)
MALFORMED = {
    "no zip": None,
    "json that fills memory": {
        "changes": b'{"format": 1, "people": [' + b"0," * 60_000_000 + b"0]}"
    },
    "nested json": {"changes": b"[" * 1_000_000},
    "not json": {"changes": b"\xff"},
    "a list": {"changes": b"[]"},
    "an array that fills memory": {"order": HUGE},
    "an array of another type": {"order": array([0.5] * 130, "<f8")},
    "an array of objects": {"order": b"\x93NUMPY\x01\x00\x10\x00{'descr': '|O'} "},
    "too few vectors": {"face_arcface": array(np.zeros((0, 512)), "<f4")},
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_delta_package(delta, tmp_path, kind):
    old, package = delta
    members = MALFORMED[kind]
    bad = tmp_path / "bad.zip"
    if members is None:
        bad.write_bytes(b"PK" + bytes(1000))
    else:
        changed(package, bad, **members)
    with pytest.raises(DamagedFileError, match=r"not a delta package: .*; get it anew"):
        apply_delta(old, bad, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"people": {"x": {}}},
        {"people": {"1": {"performer": 3, "universal_id": []}}},
        {"removed": [10**30]},
        {"removed": 5},
        {"faces": {"0": 7}},
        {"whole": []},
        {"manifest": {}},
        {"to": 3},
        {"manifest": None},
    ],
    ids=str,
)
def test_a_delta_package_of_another_shape(delta, tmp_path, changes):
    old, package = delta
    with zipfile.ZipFile(package) as archive:
        content = json.loads(archive.read("changes.json")) | changes
    bad = changed(package, tmp_path / "bad.zip", changes=json.dumps(content).encode())
    with pytest.raises(DamagedFileError, match="get it anew"):
        apply_delta(old, bad, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["bad.zip"]


def test_a_small_package_takes_little_memory(delta, tmp_path):
    """2.9 MB of zeros unpack to gigabytes."""
    old, package = delta
    bomb = b'{"format": 1, "x": "' + b"0" * 300_000_000 + b'"}'
    bad = changed(package, tmp_path / "bad.zip", changes=bomb)
    del bomb
    shutil.copy(bad, tmp_path / "again.zip")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(DamagedFileError, match="more than a delta has"):
        apply_delta(old, bad, tmp_path / "out")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert bad.stat().st_size < 3_000_000 and grown < 100_000  # kilobytes
