"""`airflow db clean`: old runs, task instances and logs leave Airflow's metadata database.

A task may not reach that database: Airflow takes its address away. So the address comes from
`TRAINER_AIRFLOW_DATABASE`, or is that of the SQLite file in AIRFLOW_HOME.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from trainer.errors import StageFailed
from trainer.reasons import plain_line
from trainer.services.airflow import SQLITE, sqlite_connection
from trainer.staging.clock import iso

CONNECTION = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
_BLOCKED = "airflow-db-not-allowed"
_SECONDS = 3600


def database_of(given: Mapping[str, str], setting: str | None) -> str | None:
    """Return the address of the metadata database; None where nobody says it."""
    known = setting or given.get(CONNECTION, "")
    if known and not known.startswith(_BLOCKED):
        return known
    home = Path(given.get("AIRFLOW_HOME", ""))
    return sqlite_connection(home) if (home / SQLITE).is_file() else None


def clean_database(given: Mapping[str, str], database: str, moment: datetime, days: int) -> str:
    """Delete what is older than `days`, without copies; returns a line for people."""
    before = iso(moment - timedelta(days=days))
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "clean", "--clean-before-timestamp", before,
         "--skip-archive", "--yes"],
        env={**_without_block(given), CONNECTION: database},
        capture_output=True, text=True, check=False, timeout=_SECONDS,
    )  # fmt: skip
    if done.returncode:
        last = plain_line((done.stderr or done.stdout).strip().rpartition("\n")[2])
        last = last.replace(database, "the database")
        raise StageFailed(
            f"Airflow did not clean its database ({last}); run `airflow db clean` where it runs"
        )
    return f"Airflow's database: everything before {before} is gone"


def _without_block(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if not value.startswith(_BLOCKED)}
