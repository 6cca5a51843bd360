"""The settings of the environment as rows to look at; of secrets only whether they are set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from trainer.config.environment import environment as of_this_process
from trainer.config.variables import Variable, variables

SET, NOT_SET = "set", "not set"


class SettingRow(NamedTuple):
    """An environment variable: its value, whether that is the default, and what it is for."""

    variable: str
    value: str
    default: bool
    group: str
    about: str


def settings_rows(environment: Mapping[str, str] | None = None) -> list[SettingRow]:
    """All settings, group by group, as this process has them."""
    known = of_this_process(environment)
    return [_row(variable, known.get(variable.name)) for variable in variables()]


def _row(variable: Variable, given: str | None) -> SettingRow:
    if variable.secret or (given and _has_password(given)):
        shown = SET if given else NOT_SET
    else:
        shown = given or variable.default or NOT_SET
    return SettingRow(variable.name, shown, given is None, variable.group, variable.description)


def _has_password(text: str) -> bool:
    """An address may hold one."""
    try:
        return bool(urlsplit(text).password)
    except ValueError:
        return True
