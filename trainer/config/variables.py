"""All variables that the product reads, as data: for the documentation and the deployment files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic.fields import FieldInfo

from trainer.config.environment import is_secret
from trainer.config.groups.airflow import AirflowSettings
from trainer.config.groups.base import REPO_ROOT, SettingsGroup
from trainer.config.groups.container import ContainerSettings
from trainer.config.groups.embedder import EmbedderSettings
from trainer.config.groups.notify import NotifySettings
from trainer.config.groups.release import ReleaseSettings
from trainer.config.groups.sign_in import SignInSettings
from trainer.config.groups.sources import SourceSettings
from trainer.config.groups.upkeep import UpkeepSettings
from trainer.config.settings import Settings
from trainer.config.sources import shipped_sources

KEYS = "Keys of the sources"
GROUPS: tuple[type[SettingsGroup], ...] = (
    SourceSettings,
    EmbedderSettings,
    ReleaseSettings,
    AirflowSettings,
    SignInSettings,
    NotifySettings,
    UpkeepSettings,
    ContainerSettings,
)


class Variable(NamedTuple):
    """A variable: its default is as one would write it, empty where there is none."""

    name: str
    default: str
    description: str
    group: str

    @property
    def secret(self) -> bool:
        """Is its value a secret, and can it be in a file (`NAME_FILE`)?"""
        return is_secret(self.name)


def variables() -> list[Variable]:
    """Every variable, by group; those of `Settings` itself come first."""
    in_groups = {name for group in GROUPS for name in group.model_fields}
    own = [name for name in Settings.model_fields if name not in in_groups]
    found = [_variable(name, Settings.model_fields[name], "General") for name in own]
    found += _keys()
    for group in GROUPS:
        title = (group.__doc__ or "").strip()
        found += [_variable(name, field, title) for name, field in group.model_fields.items()]
    return found


def _keys() -> Iterator[Variable]:
    for source in shipped_sources().values():
        if source.api_key_env:
            said = f"API key of your account at {source.domain}; without it the source is skipped"
            yield Variable(source.api_key_env, "", said, KEYS)


def _variable(name: str, field: FieldInfo, group: str) -> Variable:
    variable = str(field.validation_alias or f"TRAINER_{name.upper()}")
    return Variable(variable, _written(field.default), field.description or "", group)


def _written(value: Any) -> str:
    """A default as it is written in a file of variables."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, Path) and value.is_relative_to(REPO_ROOT):
        return str(value.relative_to(REPO_ROOT))
    return f"{value:g}" if isinstance(value, float) else str(value)
