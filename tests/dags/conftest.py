"""Airflow with a home, a metadata database and a DATA_DIR of its own, set before its import."""

import os
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = Path(tempfile.mkdtemp(prefix="airflow-tests-"))


def environment(home: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "TRAINER_"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {
        **kept,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}",
        "DATA_DIR": str(home / "data"),
    }


# Before anything imports airflow: its settings are read at import.
os.environ.update({k: v for k, v in environment(HOME).items() if k.startswith(("AIRFLOW", "DATA"))})
for folder in (ROOT / "dags", ROOT / "plugins"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


@pytest.fixture(scope="session")
def airflow_environment() -> dict[str, str]:
    return environment(HOME)


@pytest.fixture(scope="session")
def build_dag():
    import build_performer_database

    return build_performer_database.dag


@pytest.fixture(scope="session", autouse=True)
def _remove_home():
    yield
    import shutil

    shutil.rmtree(HOME, ignore_errors=True)
