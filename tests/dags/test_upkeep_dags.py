"""The DAGs that keep a DATA_DIR well: when, with what, and that their tasks do it."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest

from trainer.state.store import note_published
from trainer.upkeep.backup_read import read_backup


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


def test_the_house_is_kept_every_night(home, monkeypatch):
    from keep_house import dag

    assert dag.schedule.expression == "30 4 * * *" and dag.catchup is False
    assert dag.task_ids == ["tidy", "clean_database"]
    assert all(word in dag.doc_md for word in ("What it does", "What it needs", "fails"))
    old = home / "runs" / "r" / "logs" / "crawl.log"
    old.parent.mkdir(parents=True)
    old.write_text("x")
    os.utime(old, (0, 0))
    monkeypatch.setenv("AIRFLOW_HOME", str(home / "airflow"))
    done = dag.get_task("tidy").execute({})
    assert done["gone"]["logs of runs"] == 1 and not old.exists()
    assert (home / "metrics" / "stash_sense.prom").exists()


def test_the_database_is_cleaned_where_its_address_is_known(home, monkeypatch):
    from airflow.sdk.exceptions import AirflowSkipException
    from keep_house import dag

    task = dag.get_task("clean_database")
    monkeypatch.setenv("AIRFLOW_HOME", str(home))
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "airflow-db-not-allowed:///")
    with pytest.raises(AirflowSkipException, match="TRAINER_AIRFLOW_DATABASE"):
        task.execute({})
    ran: dict[str, Any] = {}

    def run(command, **given):
        ran.update(given, command=command)
        return SimpleNamespace(returncode=0, stdout="", stderr="")

    monkeypatch.setattr("trainer.services.airflow_clean.subprocess.run", run)
    monkeypatch.setenv("TRAINER_AIRFLOW_DATABASE", "postgresql://user:canary@host/airflow")
    assert "canary" not in task.execute({})
    assert ran["env"]["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].endswith("@host/airflow")
    assert "canary" not in " ".join(ran["command"]) and "clean" in ran["command"]
