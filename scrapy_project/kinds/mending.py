"""A record without the values that are wrong in it: null in their place, or left out of a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

Place = tuple[int | str, ...]  # keys and numbers that lead into nested dicts and lists
_GONE = object()


def mended(record: Mapping[str, Any], problem: ValidationError) -> dict[str, Any]:
    """A copy of the record: bad values null, bad entries of lists left out."""
    lists: set[Place] = set()
    copy = dict(record)
    for item in problem.errors():
        loc = item["loc"][:-1] if item["loc"][-1] == "[key]" else item["loc"]
        entry = _innermost_entry(loc)
        if entry is not None:
            lists.add(entry[:-1])
            copy = _replace(copy, entry, _GONE)
        elif item["type"] != "missing":
            copy = _replace(copy, loc, None)
    for path in lists:
        copy = _drop_gone(copy, path)
    return copy


def _innermost_entry(loc: Place) -> Place | None:
    """The path of the innermost entry of a list that a place lies in; None where it is in none."""
    number = max((i for i, step in enumerate(loc) if isinstance(step, int)), default=None)
    return None if number is None else loc[: number + 1]


def _drop_gone(record: dict[str, Any], path: Place) -> dict[str, Any]:
    """A copy whose list at `path` has lost its bad entries; itself where what holds it is bad."""
    entries: Any = record
    for step in path:
        entries = entries[step] if entries is not None else None
    if entries is None:
        return record
    copy: dict[str, Any] = _replace(record, path, [e for e in entries if e is not _GONE])
    return copy


def _replace(container: Any, path: Place, value: Any) -> Any:
    """A copy of nested lists and dicts with one value replaced; unknown paths change nothing."""
    head, rest = path[0], path[1:]
    if not isinstance(container, dict | list) or (
        isinstance(container, dict) and head not in container
    ):
        return container
    copy: Any = list(container) if isinstance(container, list) else dict(container)
    copy[head] = _replace(copy[head], rest, value) if rest else value
    return copy
