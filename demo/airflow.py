"""Airflow's four components for the demo and the tests: started, healthy, and gone again.

`python -m demo.airflow up|down|status --home DIR` keeps them running in the background.
"""

from __future__ import annotations

import secrets
import socket
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import requests

from demo.airflow_client import AirflowApiError, AirflowClient
from trainer.config.environment import environment
from trainer.config.settings import REPO_ROOT
from trainer.processes.supervisor import ServiceError, Supervisor
from trainer.services.airflow import (
    COMPONENTS,
    address_environment,
    airflow,
    code_environment,
    component,
    sqlite_connection,
    write_ahead,
    write_pools,
)
from trainer.services.executor import LOCAL
from trainer.staging.atomic import read_json
from trainer.staging.private import write_private_json

HOST = "127.0.0.1"
USER = "admin"
DAG_ID = "build_performer_database"
MIGRATE_SECONDS = 180
HEALTHY_SECONDS = 180


class AirflowServices:
    """`with AirflowServices(home, data_dir) as airflow: airflow.client.trigger(...)`.

    Everything Airflow writes lies under `home`; the secrets in files of mode 600. `env` adds to
    (and wins over) the environment of all components, e.g. the sources' keys.
    """

    def __init__(
        self,
        home: Path,
        data_dir: Path,
        port: int | None = None,
        env: Mapping[str, str] | None = None,
        background: bool = False,
        say: Callable[[str], Any] = print,
    ) -> None:
        self.home = home.absolute()
        self.home.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.secrets = _secrets(self.home)
        self.client = AirflowClient(self.url, USER, self.secrets["password"])
        self._say = say
        self._tasks_api = False
        environment = _environment(self.home, data_dir.absolute(), self.port, self.secrets)
        self.supervisor = Supervisor(
            environment={**environment, **(env or {})},
            cwd=REPO_ROOT,
            logs=self.home / "logs" / "components",
            die_with_parent=not background,
        )

    def __enter__(self) -> AirflowServices:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Migrate, make the pools, start the four and wait for health; all or nothing."""
        try:
            self._say("airflow: preparing its metadata database")
            self.supervisor.run(airflow("db-migrate", "db", "migrate"), MIGRATE_SECONDS)
            write_ahead(self.home)
            pools = str(write_pools(self.home / "pools.json"))
            self.supervisor.run(airflow("pools", "pools", "import", pools), MIGRATE_SECONDS)
            for name in COMPONENTS:
                self.supervisor.start(component(name))
            self._wait_healthy()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop what runs; nothing is left, however far the start came."""
        self.supervisor.stop()

    def _wait_healthy(self) -> None:
        began = time.monotonic()
        reported = ""
        while time.monotonic() - began < HEALTHY_SECONDS:
            self.supervisor.check()
            waiting = self._unhealthy()
            if not waiting:
                self._say(f"airflow: healthy after {time.monotonic() - began:.0f} s at {self.url}")
                return
            if ", ".join(waiting) != reported:
                reported = ", ".join(waiting)
                self._say(f"airflow: waiting for {reported}")
            time.sleep(0.5)
        tails = "\n".join(f"--- {n}\n{self.supervisor.tail(n)}" for n in COMPONENTS)
        raise ServiceError(
            f"Airflow is not healthy after {HEALTHY_SECONDS} s: {reported}; read the ends of its "
            f"logs:\n{tails}"
        )

    def _unhealthy(self) -> list[str]:
        try:
            health = self.client.health()
        except requests.RequestException:
            return ["api_server"]
        waiting = [
            name
            for name in ("metadatabase", "scheduler", "dag_processor", "triggerer")
            if (health.get(name) or {}).get("status") != "healthy"
        ]
        if waiting:
            return waiting
        return [] if self._parsed() and self._warm() else [f"the DAG {DAG_ID}"]

    def _warm(self) -> bool:
        """The API for tasks, too, has answered: before its first answer it stands still for seconds
        and, with it, everything that the same process serves."""
        if not self._tasks_api:
            self._tasks_api = self.client.tasks_api_answers(HEALTHY_SECONDS)
        return self._tasks_api

    def _parsed(self) -> bool:
        """A trigger finds the DAG. Raises `ServiceError` when its file does not import."""
        try:
            self.client.call("GET", f"/dags/{DAG_ID}")
        except AirflowApiError as error:
            if error.status != 404:
                raise
        else:
            return True
        errors = self.client.call("GET", "/importErrors")["import_errors"]
        if errors:
            raise ServiceError(
                f"{errors[0]['filename']} does not import; mend it:\n{errors[0]['stack_trace']}"
            )
        return False


def free_port() -> int:
    """Return a TCP port of the loopback that is free right now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _secrets(home: Path) -> dict[str, str]:
    """Made once a home, in a file that only its owner reads."""
    path = home / "secrets.json"
    if not path.exists():
        made = {
            "password": secrets.token_urlsafe(12),
            "jwt": secrets.token_urlsafe(48),
            "session": secrets.token_urlsafe(32),
            "fernet": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        }
        write_private_json(path, made)
    known: dict[str, str] = read_json(path)
    write_private_json(home / "passwords.json", {USER: known["password"]})
    return known


def _environment(home: Path, data: Path, port: int, known: dict[str, str]) -> dict[str, str]:
    """Nothing of an Airflow that this machine may have otherwise leaks in."""
    kept = {
        name: value
        for name, value in environment().items()
        if not name.startswith("AIRFLOW") and name not in ("PYTHONDONTWRITEBYTECODE", "PYTHONPATH")
    }
    return {
        **kept,
        **code_environment(),
        **address_environment(HOST, port),
        "DATA_DIR": str(data),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": sqlite_connection(home),
        "AIRFLOW__CORE__EXECUTOR": LOCAL,
        "AIRFLOW__CORE__PARALLELISM": "5",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__AUTH_MANAGER": (
            "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
        ),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__CORE__FERNET_KEY": known["fernet"],
        "AIRFLOW__API_AUTH__JWT_SECRET": known["jwt"],
        "AIRFLOW__API__SECRET_KEY": known["session"],
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": str(free_port()),
        "AIRFLOW__DAG_PROCESSOR__DAG_PROCESSOR_REFRESH_INTERVAL": "10",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


if __name__ == "__main__":
    from demo.airflow_background import main

    raise SystemExit(main())
