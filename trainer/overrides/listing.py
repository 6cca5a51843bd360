"""What is configured: each value with whether the operator or the shipped file says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from trainer.config.sources import SOURCES_YAML, sources_with
from trainer.config.yaml_file import read_mapping
from trainer.errors import ConfigError
from trainer.overrides.names import FILES, FileName, Keys, Name, path_of
from trainer.release.gate import limits_with
from trainer.staging.paths import DataDir


class ValueRow(NamedTuple):
    """One value in force."""

    name: str
    value: Any
    overridden: bool


def overridden(data: DataDir) -> list[ValueRow]:
    """What the operator's files say, in their order; raises `ConfigError` for a bad file."""
    rows = []
    for file in FILES:
        content = _checked(data, file)
        rows += [ValueRow(str(Name(file, k)), v, True) for k, v in _leaves(content)]
    return rows


def values_of(data: DataDir, name: Name) -> list[ValueRow]:
    """The value at `name`, or all values below it; raises `ConfigError` where there is none."""
    path = path_of(data, name.file)
    own = dict(_leaves(_checked(data, name.file)))
    found = [
        ValueRow(str(Name(name.file, keys)), value, _is_own(keys, own))
        for keys, value in _leaves(_in_force(path, name))
        if keys[: len(name.keys)] == name.keys
    ]
    if not found:
        parent = str(name).rpartition(".")[0]
        raise ConfigError(
            f"{name} is no setting; see what there is by `trainer config get {parent}`"
        )
    return found


def _checked(data: DataDir, file: FileName) -> dict[str, Any]:
    path = path_of(data, file)
    content = read_mapping(path)
    if file == SOURCES_YAML:
        sources_with(content, path)
    else:
        limits_with(content, path, "")
    return content


def _in_force(path: Path, name: Name) -> dict[str, Any]:
    content = read_mapping(path)
    if name.file == SOURCES_YAML:
        source = sources_with(content, path)[name.keys[0]]
        return {source.key: source.model_dump(mode="json", exclude={"key"})}
    packs = [*content.get("packs", {}), *name.keys[1:2]]
    default = limits_with({k: v for k, v in content.items() if k == "default"}, path, "")
    return {
        "default": default.model_dump(mode="json"),
        "packs": {pack: limits_with(content, path, pack).model_dump(mode="json") for pack in packs},
    }


def _leaves(content: Mapping[str, Any], above: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    for key, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, (*above, str(key)))
        else:
            yield (*above, str(key)), value


def _is_own(keys: Keys, own: Mapping[Keys, Any]) -> bool:
    """An override of a list or of a mapping as a whole counts for what is in it."""
    return any(keys[:n] in own for n in range(1, len(keys) + 1))
