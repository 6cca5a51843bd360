"""What all groups of settings share: where they are read from, and types of several of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from trainer.config.environment import environment

REPO_ROOT = Path(__file__).resolve().parents[3]


def _empty_is_unset(value: Any) -> Any:
    return value or None


EmptyIsUnset = BeforeValidator(_empty_is_unset)
OptionalPath = Annotated[Path | None, EmptyIsUnset]


class _Environment(EnvSettingsSource):
    """The environment as `trainer.config.environment` reads it."""

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in environment().items()}


class SettingsGroup(BaseSettings):
    """Every setting is an environment variable, its name in capitals after `TRAINER_`, or the one
    that it has elsewhere."""

    model_config = SettingsConfigDict(env_prefix="TRAINER_", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Values that code gives, then the environment; no other file is read."""
        return init_settings, _Environment(settings_cls)
