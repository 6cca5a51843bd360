"""Where Airflow's REST API is and who asks it.

The address and the sign-in come from the environment or from a file of mode 600, and are in no
page, log or error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from trainer.config.environment import environment as of_this_process
from trainer.errors import ConfigError, TrainerError

URL, USER, PASSWORD = "TRAINER_AIRFLOW_API", "TRAINER_AIRFLOW_USER", "TRAINER_AIRFLOW_PASSWORD"
FILE = "TRAINER_AIRFLOW_LOGIN"  # a JSON file of mode 600 with url, user and password


class AirflowError(TrainerError):
    """Airflow is not there, or refused."""


@dataclass(frozen=True)
class Login:
    """Where Airflow's API is, and who asks."""

    url: str
    user: str = field(repr=False)
    password: str = field(repr=False)


def read_login(environment: Mapping[str, str] | None = None) -> Login | None:
    """The login, or None where no Airflow is configured; raises `ConfigError` for half of one."""
    given = of_this_process(environment)
    found = {name: given.get(name, "").strip() for name in (URL, USER, PASSWORD)}
    values = [found[URL], found[USER], found[PASSWORD]]
    if path := given.get(FILE, "").strip():
        values = _from_file(Path(path))
    if not any(values):
        return None
    if not all(values):
        raise ConfigError(f"Airflow's sign-in is not whole; set {URL}, {USER} and {PASSWORD}")
    url = values[0].rstrip("/")
    if not _is_address(url):
        raise ConfigError("Airflow's address is not one; give it as http://localhost:8080")
    return Login(url, values[1], values[2])


def _is_address(url: str) -> bool:
    try:
        parsed = urlsplit(url)
        named = parsed.scheme in ("http", "https") and bool(parsed.hostname) and parsed.port != 0
    except ValueError:
        return False
    return named and parsed.username is None and not parsed.query


def _from_file(path: Path) -> list[str]:
    """Its url, user and password; never says what is in it."""
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"{path}: others may read it; make its mode 600 (chmod 600)")
        content = json.loads(path.read_bytes())
        return [str(content[name]).strip() for name in ("url", "user", "password")]
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{path}: not a sign-in; write a JSON object of url, user and password into it"
        ) from None
