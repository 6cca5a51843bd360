"""`python -m trainer.services prepare|all-in-one`: what the containers run.

prepare      bring the metadata database up to date, make the pools and the login
all-in-one   prepare, then Airflow's four components and the reports until a signal comes
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

from trainer.config.environment import environment as of_this_process
from trainer.config.settings import REPO_ROOT
from trainer.errors import ConfigError, TrainerError
from trainer.processes.supervisor import Service, Supervisor
from trainer.services.airflow import (
    COMPONENTS,
    airflow,
    code_environment,
    component,
    sqlite_connection,
    write_ahead,
    write_pools,
)
from trainer.staging.private import write_private_json

PREPARE_SECONDS = 600.0
CONNECTION = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
REQUIRED = ("AIRFLOW_HOME", "TRAINER_ADMIN_PASSWORD", "AIRFLOW__API_AUTH__JWT_SECRET")


def prepare(supervisor: Supervisor, environment: dict[str, str]) -> None:
    """Safe to run again. The login is `admin` with TRAINER_ADMIN_PASSWORD."""
    home = Path(environment["AIRFLOW_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    login = {"admin": environment["TRAINER_ADMIN_PASSWORD"]}
    write_private_json(home / "passwords.json", login)
    supervisor.run(airflow("db-migrate", "db", "migrate"), PREPARE_SECONDS)
    if environment[CONNECTION] == sqlite_connection(home):
        write_ahead(home)
    pools = str(write_pools(home / "pools.json"))
    supervisor.run(airflow("pools", "pools", "import", pools), PREPARE_SECONDS)


def reports() -> Service:
    """Return the service of the reports, on port 8501."""
    argv = (sys.executable, "-m", "streamlit", "run", str(REPO_ROOT / "reports" / "server.py"))
    return Service("reports", (*argv, "--server.port=8501"))


def all_in_one(supervisor: Supervisor) -> None:
    """Until SIGTERM or Ctrl-C; a component that ends takes the others along, for a restart."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        for service in (*map(component, COMPONENTS), reports()):
            supervisor.start(service)
        while True:
            supervisor.check()
            time.sleep(2)
    except KeyboardInterrupt:
        sys.stderr.write("stopping\n")
    finally:
        supervisor.stop()


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def checked_environment(given: dict[str, str]) -> dict[str, str]:
    """The environment of all components; raises `ConfigError` naming what is missing."""
    missing = [name for name in REQUIRED if not given.get(name)]
    if missing:
        raise ConfigError(f"set {', '.join(missing)}; .env.example says what each is for")
    home = given["AIRFLOW_HOME"]
    database = {CONNECTION: sqlite_connection(Path(home))}
    login = {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": f"{home}/passwords.json",
    }
    return {**code_environment(), **database, **login, **given}


def main(arguments: list[str]) -> int:
    """Run the command; return the exit status: 2 for unknown arguments, 1 for an error."""
    if arguments not in (["prepare"], ["all-in-one"]):
        sys.stderr.write(__doc__ or "")
        return 2
    try:
        environment = checked_environment(of_this_process())
        logs = Path(environment["AIRFLOW_HOME"]) / "logs" / "components"
        supervisor = Supervisor(environment, cwd=REPO_ROOT, logs=logs)
        prepare(supervisor, environment)
        if arguments == ["all-in-one"]:
            all_in_one(supervisor)
    except TrainerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
