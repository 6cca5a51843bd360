"""Configuration files in YAML: a mapping, or one sentence on what is wrong with the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from trainer.errors import ConfigError
from trainer.reasons import reason


def read_mapping(path: Path) -> dict[str, Any]:
    """Return the file's top level; empty where there is no file. Raises `ConfigError`."""
    text = read_text(path)
    return {} if text is None else parse_mapping(text, path)


def read_text(path: Path) -> str | None:
    """Return the file's text; None where there is no file. Raises `ConfigError`."""
    try:
        # Not `read_text`: it would turn the line ends of another system into ours.
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path}: byte {error.start} is no UTF-8 text; save the file in that encoding"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path}: can't be read: {reason(error)}; make it a file that the trainer may read"
        ) from None


def parse_mapping(text: str, path: Path) -> dict[str, Any]:
    """Return the mapping in `text`, the content of `path`. Raises `ConfigError`."""
    try:
        content = yaml.safe_load(text)
    except RecursionError:
        raise ConfigError(
            f"{path}: not valid YAML: nested too deep; correct it in that file"
        ) from None
    except (yaml.YAMLError, ValueError, OverflowError, TypeError) as error:  # impossible dates etc.
        raise ConfigError(
            f"{path}: not valid YAML: {reason(error)}; correct it in that file"
        ) from None
    if content is not None and not isinstance(content, dict):
        raise ConfigError(f"{path}: no mapping at the top level; write `name: value` lines there")
    unnamed = [key for key in content or {} if not isinstance(key, str)]
    if unnamed:
        raise ConfigError(f"{path}: {unnamed[0]} is no name; put it in quotes, or remove it")
    return content or {}
