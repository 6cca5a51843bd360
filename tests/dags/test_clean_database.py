"""Airflow's own metadata database, cleaned by Airflow's own command: what goes, what stays."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from tests.dags.conftest import environment
from trainer.errors import StageFailed
from trainer.services.airflow import SQLITE
from trainer.services.airflow_clean import clean_database, database_of

NOW = datetime(2026, 11, 29, 4, 30, tzinfo=UTC)
RUNS = {"old": 300, "older": 301, "young": 3}  # name -> days ago


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    """A task's environment of an Airflow with a database of its own, which the task may not see."""
    home = tmp_path_factory.mktemp("airflow")
    found = environment(home)
    command = [sys.executable, "-m", "airflow", "db", "migrate"]
    done = subprocess.run(command, env=found, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    with closing(sqlite3.connect(home / SQLITE)) as db, db:
        for name, days in RUNS.items():
            _insert(db, name, f"{NOW - timedelta(days=days):%Y-%m-%d %H:%M:%S.%f}")
    return found | {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "airflow-db-not-allowed:///"}


def _insert(db, name, at):
    db.execute("INSERT INTO log (dttm, event, dag_id) VALUES (?, 'trigger', ?)", (at, name))
    db.execute(
        "INSERT INTO dag_run (dag_id, run_id, run_type, run_after, start_date, logical_date, state,"
        " clear_number, span_status) VALUES ('a_dag', ?, 'scheduled', ?, ?, ?, 'success', 0, 'x')",
        (name, at, at, at),
    )
    db.execute(
        "INSERT INTO task_instance (id, task_id, dag_id, run_id, map_index, try_number, max_tries,"
        " pool, pool_slots, span_status, start_date, state) VALUES (?, 'a_task', 'a_dag', ?, -1, 1,"
        " 0, 'default_pool', 1, 'x', ?, 'success')",
        (f"{RUNS[name]:032d}", name, at),
    )


def _left(given, column, table):
    home = given["AIRFLOW_HOME"]
    with closing(sqlite3.connect(f"file:{home}/{SQLITE}?mode=ro", uri=True)) as db:
        return {row[0] for row in db.execute(f"SELECT {column} FROM {table}")}  # noqa: S608


@pytest.mark.timeout(300)
def test_what_is_old_goes_and_what_is_young_stays(given):
    database = database_of(given, None)
    assert database is not None and SQLITE in database
    assert _left(given, "run_id", "dag_run") == _left(given, "run_id", "task_instance") == {*RUNS}
    said = clean_database(given, database, NOW, 90)
    assert said == "Airflow's database: everything before 2026-08-31T04:30:00Z is gone"
    assert _left(given, "run_id", "task_instance") == {"young"}
    assert _left(given, "run_id", "dag_run") == {"young"}
    assert _left(given, "dag_id", "log") - {None} == {"young"}
    copies = _left(given, "name", "sqlite_master")
    assert not [name for name in copies if name.startswith("_airflow_deleted")]


def test_a_database_that_is_none_is_a_sentence_without_its_address(given, tmp_path):
    wrong = tmp_path / "canary.db"
    wrong.write_bytes(b"no database at all " * 100)
    with pytest.raises(StageFailed, match="run `airflow db clean` where it runs") as told:
        clean_database(given, f"sqlite:///{wrong}", NOW, 90)
    assert "Traceback" not in str(told.value)
