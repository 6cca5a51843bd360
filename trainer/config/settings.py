"""Settings from the environment: where data lies and how the parts are run."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError

from trainer.config.groups.airflow import AirflowSettings
from trainer.config.groups.base import REPO_ROOT
from trainer.config.groups.embedder import EmbedderSettings
from trainer.config.groups.notify import NotifySettings
from trainer.config.groups.object_store import ObjectStoreSettings
from trainer.config.groups.release import ReleaseSettings
from trainer.config.groups.sign_in import SignInSettings
from trainer.config.groups.sources import SourceSettings
from trainer.config.groups.upkeep import UpkeepSettings
from trainer.errors import ConfigError
from trainer.reasons import problems

__all__ = ["REPO_ROOT", "Settings"]


class Settings(
    AirflowSettings,
    SignInSettings,
    NotifySettings,
    UpkeepSettings,
    ObjectStoreSettings,
    ReleaseSettings,
    EmbedderSettings,
    SourceSettings,
):
    """Every setting is an environment variable. Without the prefix are `DATA_DIR` and, by the
    names they have elsewhere, the addresses of the operator's FlareSolverr and Chrome."""

    data_dir: Path = Field(
        Path("/data"), validation_alias="DATA_DIR", description="Where everything lies"
    )

    @classmethod
    def load(cls, data_dir: Path | None = None) -> Settings:
        """Read the environment; `data_dir` (from a flag) wins over `DATA_DIR`."""
        try:
            settings = cls()
        except ValidationError as error:
            found = problems(error, show_values=False)  # some are secrets
            raise ConfigError(f"bad environment: {found}; see docs/configuration.md") from None
        if settings.model_packs:
            first = settings.model_packs.partition(",")[0]
            settings = settings.model_copy(update={"model_pack": first})
        chosen = (data_dir or settings.data_dir).expanduser().absolute()
        return settings.model_copy(update={"data_dir": chosen})
