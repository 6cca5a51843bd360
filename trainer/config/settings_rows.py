"""The settings of the environment as rows; of secrets only whether they are set."""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic.fields import FieldInfo

from trainer.config.environment import is_secret
from trainer.config.settings import Settings

SET, NOT_SET = "set", "not set"


class SettingRow(NamedTuple):
    """An environment variable: its value, whether that is the default, and what it is for."""

    variable: str
    value: str
    default: bool
    about: str


def settings_rows(settings: Settings) -> list[SettingRow]:
    """All settings in the order of the model."""
    return [_row(settings, name, field) for name, field in type(settings).model_fields.items()]


def variable_of(name: str, field: FieldInfo) -> str:
    """The environment variable of a setting."""
    prefix = str(Settings.model_config.get("env_prefix", ""))
    return str(field.validation_alias or f"{prefix}{name.upper()}")


def _row(settings: Settings, name: str, field: FieldInfo) -> SettingRow:
    value, variable = getattr(settings, name), variable_of(name, field)
    hidden = "SecretStr" in str(field.annotation) or is_secret(variable)
    shown = (SET if value else NOT_SET) if hidden else _shown(value)
    return SettingRow(variable, shown, value == field.default, field.description or "")


def _shown(value: Any) -> str:
    """An address may hold a password."""
    if value is None or value == "":
        return NOT_SET
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return SET if "://" in text and "@" in text else text
