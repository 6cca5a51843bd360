"""What a file's content becomes by a change, as the readers of the file see it."""

from __future__ import annotations

from typing import Any

from trainer.overrides.names import Change, Keys


def applied(content: dict[str, Any], change: Change) -> dict[str, Any]:
    """Return `content` with the change; `content` itself stays."""
    keys = change.name.keys
    if change.unset:
        return _without(content, keys) if _has(content, keys) else content
    return _with(content, keys, change.value)


def _has(content: Any, keys: Keys) -> bool:
    for key in keys:
        if not isinstance(content, dict) or key not in content:
            return False
        content = content[key]
    return True


def _with(content: Any, keys: Keys, value: Any) -> dict[str, Any]:
    found = dict(content) if isinstance(content, dict) else {}
    key, rest = keys[0], keys[1:]
    found[key] = _with(found.get(key), rest, value) if rest else value
    return found


def _without(content: dict[str, Any], keys: Keys) -> dict[str, Any]:
    key, rest = keys[0], keys[1:]
    inner = _without(content[key], rest) if rest else {}
    others = {name: value for name, value in content.items() if name != key}
    return {name: inner if name == key else content[name] for name in content} if inner else others
