"""Disks that can't do everything: no hard links, read-only, no symbolic links."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.release_fixtures import small_release
from trainer.errors import ConfigError
from trainer.release.publish import publish, versions
from trainer.staging import atomic
from trainer.staging.paths import DataDir
from trainer.state.store import note_published, published_versions
from trainer.upkeep.file_system import require_file_system, try_file_system

RELEASE = "20261101_000000"
WHEN = "2026-11-01T00:00:00Z"
NOBODY = 65534


def without_links(*_given: object) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


def test_without_hard_links_publishing_copies_and_says_so_once(tmp_path, monkeypatch, caplog):
    atomic._say_no_links.cache_clear()
    monkeypatch.setattr(os, "link", without_links)
    data = DataDir(tmp_path / "data")
    staged = small_release(tmp_path / "made")
    with caplog.at_level(logging.INFO):
        for _ in range(2):  # a retry finds the copy
            publish(data, staged, RELEASE)
            atomic.link_or_copy(data.performers_link(RELEASE), tmp_path / f"copy-{_}")
    whole = (data.release(RELEASE) / "performers.db").read_bytes()
    assert data.performers_link(RELEASE).read_bytes() == whole
    assert [v.damaged for v in versions(data, deep=True)] == [False]
    assert sum("no hard links" in r.message for r in caplog.records) == 1


def test_a_full_disk_is_no_reason_to_copy(tmp_path, monkeypatch):
    def full(*_given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(OSError, match="No space"):
        atomic.link_or_copy(tmp_path / "a", tmp_path / "b")


def as_nobody(work: Callable[[], bool]) -> bool:
    """Do `work` as a user who owns nothing; root writes everywhere."""
    child = os.fork()
    if not child:
        try:
            if os.geteuid() == 0:
                os.setgid(NOBODY)
                os.setuid(NOBODY)
            os._exit(0 if work() else 1)
        except BaseException as error:
            os.write(2, f"{error!r}\n".encode())
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder that its reader may not write to."""
    root = Path(tempfile.mkdtemp())
    yield root
    root.chmod(0o755)
    shutil.rmtree(root)


@pytest.mark.parametrize("waiting", [False, True])
def test_state_on_a_read_only_mount_is_read(read_only, waiting):
    path = read_only / "state.db"
    note_published(path, "r", RELEASE, "2026.11.01", WHEN)
    if waiting:  # a killed writer leaves its changes in the -wal file
        with closing(sqlite3.connect(path)) as db:
            db.execute("UPDATE published SET version = '2026.11.02'")
            db.commit()
            saved = {p.name: p.read_bytes() for p in read_only.glob("state.db*")}
        for p in read_only.glob("state.db*"):
            p.unlink()
        for name in ("state.db", "state.db-wal"):
            (read_only / name).write_bytes(saved[name])
    for p in read_only.iterdir():
        p.chmod(0o444)
    read_only.chmod(0o555)
    expected = {"2026.11.02" if waiting else "2026.11.01"}
    assert as_nobody(lambda: published_versions(path) == expected)


def test_a_folder_of_somebody_else_is_one_sentence(read_only):
    read_only.chmod(0o555)

    def refused() -> bool:
        try:
            require_file_system(read_only)
        except ConfigError as error:
            return f"chown -R {os.geteuid()}:" in str(error)
        return False

    assert as_nobody(refused)


def test_without_symbolic_links_no_build_begins(tmp_path, monkeypatch):
    assert try_file_system(tmp_path).symlinks and list(tmp_path.iterdir()) == []
    monkeypatch.setattr(Path, "symlink_to", without_links)
    with pytest.raises(ConfigError, match="symbolic links"):
        require_file_system(tmp_path)
