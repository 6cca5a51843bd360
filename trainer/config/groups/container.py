"""Settings of the containers: who they run as, and the front page that is all they publish."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr, ValidationError

from trainer.config.groups.base import EmptyIsUnset, OptionalPath, SettingsGroup
from trainer.errors import ConfigError
from trainer.reasons import problems

_HOST_AND_PORT = r"^[A-Za-z0-9.-]+:\d{1,5}$"


class ContainerSettings(SettingsGroup):
    """Containers"""

    puid: int = Field(
        10001,
        ge=0,
        validation_alias="PUID",
        description="User that the containers run as; `DATA_DIR` has to be this user's",
    )
    pgid: int = Field(10001, ge=0, validation_alias="PGID", description="Its group")
    umask: str = Field(
        "022",
        pattern="^[0-7]{3,4}$",
        validation_alias="UMASK",
        description="What the rights of new files are reduced by",
    )
    admin_password: Annotated[SecretStr | None, EmptyIsUnset] = Field(
        None,
        description="Password of the front page, user `admin`. Without it one is made at the first "
        "start and printed once",
    )
    https: bool = Field(
        False,
        description="Serve the front page by HTTPS, with a certificate made at the first start "
        "where none of your own is given",
    )
    tls_certificate: OptionalPath = Field(
        None, description="Your certificate (PEM, with its chain), in the container"
    )
    tls_key: OptionalPath = Field(None, description="Its key (PEM)")
    front_port: int = Field(
        8080, ge=1025, le=65535, description="Port of the front page inside the container"
    )
    front_airflow: str = Field(
        "127.0.0.1:8081", pattern=_HOST_AND_PORT, description="Where the front page finds Airflow"
    )
    front_reports: str = Field(
        "127.0.0.1:8501", pattern=_HOST_AND_PORT, description="Where it finds the reports"
    )
    postgres_host: str | None = Field(
        None,
        pattern="^[A-Za-z0-9.-]+$",
        description="Host of the Postgres that keeps Airflow's metadata; without it, SQLite",
    )
    redis_host: Annotated[str | None, EmptyIsUnset] = Field(
        None,
        pattern="^[A-Za-z0-9.-]+$",
        description="Host of the Redis that hands tasks to workers of the profile `cluster`; "
        "without it, tasks run in the scheduler: [cluster](cluster.md)",
    )

    @classmethod
    def load(cls) -> ContainerSettings:
        """Read the environment; raises `ConfigError` in one sentence."""
        try:
            return cls()
        except ValidationError as error:
            found = problems(error, show_values=False)
            raise ConfigError(f"bad environment: {found}; see docs/configuration.md") from None
