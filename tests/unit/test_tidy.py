"""What gathers over months goes, and nothing that somebody may need."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from trainer.cli import app
from trainer.services.airflow_clean import CONNECTION, database_of
from trainer.staging.atomic import write_json
from trainer.staging.clock import iso
from trainer.staging.paths import DataDir
from trainer.upkeep.forecast import days_until_full
from trainer.upkeep.tidy import tidy

NOW = datetime(2026, 11, 29, tzinfo=UTC)


def made(path: Path, days: float) -> Path:
    """A file that was written so many days ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    moment = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (moment, moment))
    os.utime(path.parent, (moment, moment))
    return path


@pytest.fixture
def data(tmp_path) -> DataDir:
    return DataDir(tmp_path / "data")


def test_what_is_old_goes_and_what_is_young_or_needed_stays(data, tmp_path):
    home = tmp_path / "airflow"
    data.release("20261101_000000").mkdir(parents=True)
    gone = [
        made(data.root / "faces" / "p" / ".tmp-a.parquet", 2),
        made(data.run("r").root / "logs" / "crawl.log", 91),
        made(data.quarantine / "20261001_000000" / "x", 40),
        made(data.performers_link("20250101_000000"), 0.1),
        made(data.run("never").root / "origin.json", 40),
        made(home / "logs" / "dag_id=x" / "attempt=1.log", 91),
    ]
    kept = [
        made(data.root / "faces" / "p" / ".tmp-b.parquet", 0.5),
        made(data.root / "faces" / "p" / "part-1.parquet", 900),
        made(data.run("r").root / "plan.json", 900),
        made(data.run("r").root / "logs" / "embed.log", 89),
        made(data.quarantine / "20261120_000000" / "x", 9),
        made(data.performers_link("20261101_000000"), 900),
        made(home / "logs" / "dag_id=y" / "attempt=1.log", 1),
        made(data.image("ab" * 32), 900),
        made(data.root / "state.db", 900),
    ]
    done = tidy(data, NOW, log_days=90, airflow_home=home)
    assert not [path for path in gone if path.exists()]
    assert not [path for path in kept if not path.exists()]
    assert set(done.gone.values()) == {1} and not (home / "logs" / "dag_id=x").exists()
    assert "1 logs of runs deleted" in done.lines()


@pytest.mark.parametrize(
    ("daily", "expected"),
    [(10.0, 50.0), (0.0, None), (-5.0, None)],
    ids=["grows", "stays", "shrinks"],
)
def test_the_disk_is_forecast(data, daily, expected):
    days = [
        {"at": iso(NOW + timedelta(days=day)), "used": 300 + daily * day, "total": 1000}
        for day in range(21)
    ]
    write_json(data.root / "metrics" / "disk.json", days)
    assert days_until_full(data) == (pytest.approx(expected) if expected else None)


def test_of_a_few_days_nothing_is_forecast_and_a_damaged_history_begins_anew(data):
    path = data.root / "metrics" / "disk.json"
    write_json(path, [{"at": iso(NOW), "used": 1, "total": 2}])
    assert days_until_full(data) is None
    path.write_text("{")
    assert tidy(data, NOW, log_days=90).days_until_full is None
    assert days_until_full(data) is None and path.read_text().startswith("[")


def test_where_airflows_database_is(tmp_path):
    (tmp_path / "airflow.db").touch()
    here = {"AIRFLOW_HOME": str(tmp_path)}
    blocked = {CONNECTION: "airflow-db-not-allowed:///"}
    assert database_of(blocked, None) is None
    assert str(tmp_path) in (database_of(here | blocked, None) or "")
    assert database_of({CONNECTION: "postgresql://h/a"}, None) == "postgresql://h/a"
    assert database_of(here | blocked, "postgresql://h/b") == "postgresql://h/b"


def test_the_command(data):
    data.root.mkdir()
    made(data.root / "faces" / ".tmp-x", 500)
    done = CliRunner().invoke(app, ["tidy", "--data-dir", str(data.root)])
    assert done.exit_code == 0 and "1 temporary files deleted" in done.stdout
