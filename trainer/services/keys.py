"""Secrets that the containers need: each made once, in its own file of mode 600, or given."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path

from trainer.staging.private import write_private

FOLDER = "keys"
USER = "admin"
ADMIN_PASSWORD = "TRAINER_ADMIN_PASSWORD"  # noqa: S105 - the name of a variable
POSTGRES_PASSWORD = "POSTGRES_PASSWORD"  # noqa: S105 - likewise


def _fernet() -> str:
    return urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _long() -> str:
    """At least 64 bytes, which is what the signing of Airflow's tokens (HS512) asks for."""
    return secrets.token_urlsafe(64)


MADE: Mapping[str, Callable[[], str]] = {
    ADMIN_PASSWORD: lambda: secrets.token_urlsafe(15),
    POSTGRES_PASSWORD: lambda: secrets.token_urlsafe(24),
    "AIRFLOW__API_AUTH__JWT_SECRET": _long,
    "AIRFLOW__API__SECRET_KEY": _long,
    "AIRFLOW__CORE__FERNET_KEY": _fernet,
}


def file_of(home: Path, name: str) -> Path:
    """The file of one secret: `keys/postgres_password` and the like, below AIRFLOW_HOME."""
    return home / FOLDER / name.removeprefix("AIRFLOW__").lower()


def make_keys(home: Path, given: Mapping[str, str]) -> list[str]:
    """Make what is neither `given` nor made before; return the names of what was made."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = []
    for name, make in MADE.items():
        if name not in given and not file_of(home, name).exists():
            write_private(file_of(home, name), make().encode())
            made.append(name)
    return made


def read_keys(home: Path, given: Mapping[str, str]) -> dict[str, str]:
    """All secrets; those that are `given` win. One that does not exist is left out."""
    files = {name: file_of(home, name) for name in MADE}
    kept = {name: path.read_text().strip() for name, path in files.items() if path.exists()}
    return kept | {name: given[name] for name in MADE if name in given}
