"""What has to be done before the servers start; safe to do again."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from trainer.config.groups.container import ContainerSettings
from trainer.config.settings import Settings
from trainer.processes.supervisor import ServiceError, Supervisor
from trainer.services.airflow import airflow, write_ahead, write_pools
from trainer.services.first_steps import first_steps
from trainer.services.folders import check_folders
from trainer.services.keys import ADMIN_PASSWORD, USER, file_of, make_keys
from trainer.services.surroundings import PAUSED, home_of, source_keys

SECONDS = 600.0
BUILD_DAG = "build_performer_database"


def prepare_keys(given: Mapping[str, str]) -> None:
    """Check who owns the folders, and make the secrets that nobody has set; a password that was
    made is said once."""
    settings, home = Settings.load(), home_of(given)
    check_folders({"DATA_DIR": settings.data_dir, "AIRFLOW_HOME": home})
    if ADMIN_PASSWORD in make_keys(home, given):
        path = file_of(home, ADMIN_PASSWORD)
        say(f"Sign in as {USER} with the password {path.read_text()}")
        say(f"It is not shown again; it stands in {path}.")


def prepare_airflow(supervisor: Supervisor, given: Mapping[str, str]) -> None:
    """Bring Airflow's database up to date and make its pools; builds stay paused until a source
    has its key."""
    home = home_of(given)
    supervisor.run(airflow("db-migrate", "db", "migrate"), SECONDS)
    if ContainerSettings.load().postgres_host is None:
        write_ahead(home)
    pools = str(write_pools(home / "pools.json"))
    supervisor.run(airflow("pools", "pools", "import", pools), SECONDS)
    _pause_until_keys(supervisor, home, bool(source_keys(given)))


def say_what_is_missing(given: Mapping[str, str]) -> None:
    """Say in the log what a first build still needs."""
    for line in first_steps(Settings.load(), given):
        say(line)


def say(line: str) -> None:
    """A line of the containers' log that is for the operator."""
    sys.stdout.write(f"{'trainer':<13}| {line}\n")
    sys.stdout.flush()


def _pause_until_keys(supervisor: Supervisor, home: Path, keys: bool) -> None:
    """A new DAG is created paused while there is no key. The first start with one switches it on,
    unless a person has paused it since."""
    marker = home / PAUSED
    if not keys:
        if not (home / "started").exists():
            marker.touch()
    elif marker.exists():
        marker.unlink()
        try:
            supervisor.run(airflow("unpause", "dags", "unpause", "-y", BUILD_DAG), SECONDS)
        except ServiceError:
            say("builds could not be switched on; unpause the DAG in Airflow")
    (home / "started").touch()
