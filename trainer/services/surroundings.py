"""The environment of the containers' servers: each one gets what it needs, and no secret else."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from trainer.config.environment import for_trainer
from trainer.config.groups.container import ContainerSettings
from trainer.config.sources import load_sources
from trainer.config.variables import variables
from trainer.errors import ConfigError
from trainer.services.airflow import code_environment, sqlite_connection
from trainer.services.executor import LOST_TASKS, broker_environment, executor_environment
from trainer.services.given_keys import GIVEN_KEYS, as_variable, names_given
from trainer.services.keys import ADMIN_PASSWORD, POSTGRES_PASSWORD, USER, read_keys

CONNECTION = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
PAUSED = "paused-until-keys"  # a file in AIRFLOW_HOME
AIRFLOW_PATH = "/airflow"
TASKS_API = f"{AIRFLOW_PATH}/execution"
_OF_SIGNING_IN = ("TRAINER_AIRFLOW_PASSWORD", "TRAINER_REPORTS_")
_OF_THE_REPORTS = (
    "TRAINER_AIRFLOW_API",
    "TRAINER_AIRFLOW_USER",
    "TRAINER_AIRFLOW_PASSWORD",
    "TRAINER_NOTIFY_URLS",
    "TRAINER_STASHFACE_PASSWORD",  # an operator exports there
)


def home_of(given: Mapping[str, str]) -> Path:
    """AIRFLOW_HOME; raises `ConfigError` where it is not set."""
    if "AIRFLOW_HOME" not in given:
        raise ConfigError("set AIRFLOW_HOME to a folder that is kept; the image has /airflow")
    return Path(given["AIRFLOW_HOME"])


def source_keys(given: Mapping[str, str]) -> list[str]:
    """Names of the sources' keys that are set, in the order of the sources."""
    sources = load_sources(_data_dir(given)).values()
    return [s.api_key_env for s in sources if s.api_key_env and s.api_key_env in given]


def _data_dir(given: Mapping[str, str]) -> Path:
    return Path(given.get("DATA_DIR", "/data"))


def airflow_environment(given: Mapping[str, str], listen: str = "127.0.0.1") -> dict[str, str]:
    """What all of Airflow's components get: no source's key, and of the secrets Airflow's own.

    What the operator has set wins.
    """
    settings, home = ContainerSettings.load(), home_of(given)
    keys = read_keys(home, given)
    own = {name: value for name, value in keys.items() if name.startswith("AIRFLOW__")}
    host, _, port = settings.front_airflow.rpartition(":")
    paused = (home / PAUSED).exists()
    kept = {name: value for name, value in given.items() if name.startswith("AIRFLOW")}
    return {
        **for_trainer(given),
        **code_environment(),
        CONNECTION: _connection(settings, home, keys),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",  # the front page asks who it is
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{host}:{port}{TASKS_API}/",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": str(paused),
        **LOST_TASKS,
        "AIRFLOW__API__BASE_URL": AIRFLOW_PATH,
        "AIRFLOW__API__HOST": listen,
        "AIRFLOW__API__PORT": port,
        "TRAINER_REPORTS_URL": "/",
        **broker_environment(settings.redis_host),
        **own,
        **kept,
        **executor_environment(settings.redis_host),
    }


def scheduler_environment(given: Mapping[str, str], airflow: Mapping[str, str]) -> dict[str, str]:
    """Where tasks run below the scheduler, only it has the sources' keys and the browsers'
    addresses; with workers, only they do."""
    if ContainerSettings.load().redis_host is not None:
        return dict(airflow)
    wanted = (*source_keys(given), *secret_settings())
    return {**airflow, **{name: given[name] for name in wanted if name in given}}


def secret_settings() -> list[str]:
    """Names of the secrets that a build may use: not those of signing in anywhere."""
    names = [variable.name for variable in variables() if variable.secret]
    return [n for n in names if n != ADMIN_PASSWORD and not n.startswith(_OF_SIGNING_IN)]


def reports_environment(given: Mapping[str, str], knows_keys: bool) -> dict[str, str]:
    """Who sees the front page may act; builds are started through Airflow, as its operator.

    Where this container `knows_keys`, the pages are told which there are, by name; elsewhere they
    look at what the scheduler has noted.
    """
    settings = ContainerSettings.load()
    ours = {
        "TRAINER_REPORTS_ROLE": "operator",
        "TRAINER_AIRFLOW_URL": AIRFLOW_PATH,
        "TRAINER_AIRFLOW_API": f"http://{settings.front_airflow}",
        "TRAINER_AIRFLOW_USER": USER,
        "TRAINER_AIRFLOW_PASSWORD": "behind-the-front-page",  # it asks nobody for one
    }
    if knows_keys:
        ours[GIVEN_KEYS] = as_variable(names_given(given, _data_dir(given)))
    own = {name for name in given if name.startswith("TRAINER_REPORTS_")}
    return ours | for_trainer(given, {*_OF_THE_REPORTS, *own})


def _connection(settings: ContainerSettings, home: Path, keys: Mapping[str, str]) -> str:
    if settings.postgres_host is None:
        return sqlite_connection(home)
    password = keys.get(POSTGRES_PASSWORD, "")
    return f"postgresql+psycopg2://airflow:{password}@{settings.postgres_host}/airflow"


def admin_password(given: Mapping[str, str]) -> str:
    """The front page's password; raises `ConfigError` where none was made yet."""
    found = read_keys(home_of(given), given).get(ADMIN_PASSWORD)
    if not found:
        raise ConfigError("no password yet; run `python -m trainer.services prepare` first")
    return found
