"""Names of what an operator can override: `iafd.enabled`, `gate.packs.demo.min_faces`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from trainer.config.sources import SOURCES_YAML, shipped_sources
from trainer.errors import ConfigError
from trainer.release.gate import GATE_YAML
from trainer.staging.paths import DataDir

FileName = Literal["sources.yaml", "gate.yaml"]
Keys = tuple[str, ...]
FILES: tuple[FileName, ...] = (SOURCES_YAML, GATE_YAML)
_GATE = "gate"


@dataclass(frozen=True)
class Name:
    """One value: the file that it belongs into, and its keys from the top of that file."""

    file: FileName
    keys: Keys

    def __str__(self) -> str:
        prefix = (_GATE,) if self.file == GATE_YAML else ()
        return ".".join(prefix + self.keys)


@dataclass(frozen=True)
class Change:
    """A value to set; or, where `unset`, to leave to what is shipped."""

    name: Name
    value: Any = None
    unset: bool = False


def name_of(text: str) -> Name:
    """Read a dotted name; raises `ConfigError` where it names no source and not the gate."""
    first, *rest = [part.strip() for part in text.split(".")]
    if not first or not all(rest):
        raise ConfigError(f"{text!r} is no name of a setting; write it like iafd.enabled")
    if first == _GATE:
        return Name(GATE_YAML, tuple(rest))
    known = shipped_sources()
    if first not in known:
        raise ConfigError(
            f"no source {first!r}; choose from {', '.join(known)}, or `gate` for the release gate"
        )
    return Name(SOURCES_YAML, (first, *rest))


def value_of(text: str) -> Any:
    """Read a value as YAML has it: `true`, `30`, `[FEMALE]`, `null`. Raises `ConfigError`."""
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigError(
            f"{text[:60]!r} is no value; write it as in YAML: true, 30, [FEMALE], 'a text'"
        ) from None


def path_of(data: DataDir, file: FileName) -> Path:
    """Where an operator's file lies."""
    return data.root / file
