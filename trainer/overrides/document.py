"""Change single values in a YAML text; every other character stays, comments and order as well.

ruamel.yaml says where things stand, and the text itself is changed there. (Written anew as a whole,
a document keeps the heading of a section with the line above it.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ruamel.yaml.nodes import MappingNode

from trainer.overrides import lines
from trainer.overrides.names import Keys
from trainer.overrides.nodes import Entry, is_inline, place_of, top_level, way_to
from trainer.overrides.spelling import block, inline


def with_value(text: str, keys: Keys, value: Any) -> str:
    """Return `text` with `value` at `keys`; raises `NotEditable`."""
    root = top_level(text)
    if root is None:
        return lines.joined(text, block(_nested(keys, value)))
    entries = way_to(root, keys)
    missing = keys[len(entries) :]
    holder = entries[-1].value if entries else root
    if missing and isinstance(holder, MappingNode):
        return _inserted(text, holder, _nested(missing, value))
    return _replaced(text, entries[-1], _nested(missing, value))


def without_value(text: str, keys: Keys) -> str:
    """Return `text` without the value at `keys`, and without what held nothing else."""
    root = top_level(text)
    entries = way_to(root, keys) if root is not None else []
    if not entries or len(entries) < len(keys):
        return text
    kept = [entry for entry in entries if len(entry.holder.value) > 1]
    return _removed(text, kept[-1] if kept else entries[0])


def _nested(keys: Sequence[str], value: Any) -> Any:
    for key in reversed(keys):
        value = {key: value}
    return value


def _replaced(text: str, entry: Entry, value: Any) -> str:
    old = entry.value
    start, end = old.start_mark.index, old.end_mark.index
    in_place = is_inline(old) and start < end and not isinstance(value, dict)
    if entry.holder.flow_style or in_place:
        return text[:start] + ("" if start < end else " ") + inline(value) + text[end:]
    if start == end and isinstance(value, dict):  # nothing yet below the key
        return lines.filled(text, place_of(entry.key), block(value))
    return lines.replaced(text, place_of(entry.key), block({entry.key.value: value}))


def _inserted(text: str, holder: MappingNode, added: dict[str, Any]) -> str:
    if not holder.flow_style:
        return lines.inserted(text, place_of(holder.value[-1][0]), block(added))
    if not holder.value:
        return text[: holder.start_mark.index] + inline(added) + text[holder.end_mark.index :]
    end = holder.value[-1][1].end_mark.index
    return f"{text[:end]}, {inline(added)[1:-1]}{text[end:]}"


def _removed(text: str, entry: Entry) -> str:
    if not entry.holder.flow_style:
        return lines.removed(text, place_of(entry.key))
    pairs = entry.holder.value
    number = next(n for n, (key, _) in enumerate(pairs) if key is entry.key)
    if number:
        start, end = pairs[number - 1][1].end_mark.index, entry.value.end_mark.index
    else:  # its holder has others
        start, end = entry.key.start_mark.index, pairs[1][0].start_mark.index
    return text[:start] + text[end:]
