"""What `trainer config` prints."""

from __future__ import annotations

import json
from typing import Any

from trainer.overrides.entries import Entry
from trainer.overrides.listing import ValueRow


def value_lines(rows: list[ValueRow]) -> list[str]:
    """One line per value, as YAML has it."""
    if not rows:
        return ["everything is as shipped"]
    return [f"{r.name}: {_spelled(r.value)}{' (yours)' if r.overridden else ''}" for r in rows]


def history_lines(entries: list[Entry], *, with_diff: bool) -> list[str]:
    """One line per change, and its diff where that is wanted."""
    lines = []
    for e in entries:
        undone = f" (taken back {e.undone_at})" if e.undone_at else ""
        lines.append(f"{e.number}: {e.at}, {e.by}: {e.file}: {e.what}{undone}")
        lines += [e.diff] if with_diff and e.diff else []
    return lines or ["nothing was changed by `trainer config` or on the pages yet"]


def _spelled(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
