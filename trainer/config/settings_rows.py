"""The settings of the environment as rows; of secrets only whether they are set."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pydantic.fields import FieldInfo

from trainer.config.settings import Settings

SET, NOT_SET = "set", "not set"
# Read by the reports, the plugin and the Airflow client, not by `Settings`.
ELSEWHERE = (
    "TRAINER_REPORTS_URL",
    "TRAINER_REPORTS_ROLE",
    "TRAINER_AIRFLOW_URL",
    "TRAINER_AIRFLOW_API",
    "TRAINER_AIRFLOW_USER",
    "TRAINER_AIRFLOW_PASSWORD",
    "TRAINER_AIRFLOW_LOGIN",
)
_SECRET_ENDINGS = ("_API_KEY", "_PASSWORD", "_SECRET", "_TOKEN")


class SettingRow(NamedTuple):
    """An environment variable: its value, whether that is the default, and what it is for."""

    variable: str
    value: str
    default: bool
    about: str


def settings_rows(
    settings: Settings, environment: Mapping[str, str] = os.environ
) -> list[SettingRow]:
    """All settings in the order of the model, then those that are read elsewhere."""
    rows = list(_of_model(settings))
    known = {row.variable for row in rows}
    return [*rows, *(_elsewhere(name, environment) for name in ELSEWHERE if name not in known)]


def variable_of(name: str, field: FieldInfo) -> str:
    """The environment variable of a setting."""
    prefix = str(Settings.model_config.get("env_prefix", ""))
    return str(field.validation_alias or f"{prefix}{name.upper()}")


def _of_model(settings: Settings) -> Iterator[SettingRow]:
    for name, field in type(settings).model_fields.items():
        value, variable = getattr(settings, name), variable_of(name, field)
        hidden = "SecretStr" in str(field.annotation) or variable.endswith(_SECRET_ENDINGS)
        shown = (SET if value else NOT_SET) if hidden else _shown(value)
        yield SettingRow(variable, shown, value == field.default, field.description or "")


def _elsewhere(variable: str, environment: Mapping[str, str]) -> SettingRow:
    value = environment.get(variable, "").strip() or None
    hidden = variable.endswith(_SECRET_ENDINGS)
    shown = (SET if value else NOT_SET) if hidden else _shown(value)
    return SettingRow(variable, shown, value is None, "")


def _shown(value: Any) -> str:
    """An address may hold a password."""
    if value is None or value == "":
        return NOT_SET
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return SET if "://" in text and "@" in text else text
