"""The DAGs that keep a DATA_DIR well: when, with what, and that their tasks do it."""

from __future__ import annotations

import pytest

from trainer.state.store import note_published
from trainer.upkeep.restore import read_backup


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    note_published(tmp_path / "state.db", "r", "20261101_000000", "2026.11.01", "2026-11-01")
    return tmp_path


def test_a_backup_is_written_every_saturday(home):
    from back_up_state import dag

    assert dag.schedule.expression == "0 6 * * 6" and dag.catchup is False
    assert dag.start_date is None and dag.max_active_runs == 1
    assert all(word in dag.doc_md for word in ("What it does", "What it needs", "fails"))
    assert {name: dag.params.get_param(name).value for name in dag.params} == {
        "faces": False,
        "releases": False,
    }
    done = dag.get_task("back_up").execute({"params": {"faces": True, "releases": False}})
    manifest = read_backup(home / "backups" / done["path"].rpartition("/")[2])
    assert manifest.faces and "state.db" in manifest.files
