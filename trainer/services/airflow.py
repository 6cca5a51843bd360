"""Airflow's four components as services, and the environment that they share."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from trainer.config.settings import REPO_ROOT
from trainer.processes.supervisor import Service

SQLITE = "airflow.db"
LOCK_SECONDS = 30
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
POOLS = {"crawl": (4, "crawls at a time"), "gpu": (1, "embedders at a time")}


def airflow(name: str, *arguments: str) -> Service:
    """Return a service that runs `airflow` with `arguments`."""
    return Service(name, (sys.executable, "-m", "airflow", *arguments))


def component(name: str) -> Service:
    """Return the service of one of Airflow's components."""
    return airflow(name, name)


def code_environment() -> dict[str, str]:
    """Where Airflow finds the DAGs, the plugins and the packages that they import."""
    return {
        "AIRFLOW__CORE__DAGS_FOLDER": str(REPO_ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPO_ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": f"{REPO_ROOT}:{REPO_ROOT / 'plugins'}",
    }


def address_environment(host: str, port: int) -> dict[str, str]:
    """The api-server's own address, and where tasks find it."""
    base = f"http://{host}:{port}"
    return {
        "AIRFLOW__API__HOST": host,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": base,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{base}/execution/",
    }


def sqlite_connection(home: Path) -> str:
    """Components wait for each other's writes: SQLite's own 5 s are short on a busy machine."""
    return f"sqlite:///{home / SQLITE}?timeout={LOCK_SECONDS}"


def write_ahead(home: Path) -> None:
    """Readers and the writer stop waiting for one another; the mode stays with the file."""
    with closing(sqlite3.connect(home / SQLITE)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def write_pools(path: Path) -> Path:
    """The pools that the DAG names, as `airflow pools import` reads them."""
    from trainer.staging.atomic import write_json

    write_json(
        path,
        {
            name: {"slots": slots, "description": text, "include_deferred": False}
            for name, (slots, text) in POOLS.items()
        },
    )
    return path
