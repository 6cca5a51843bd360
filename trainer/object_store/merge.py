"""Merging what two machines changed: disjoint paths always, one path only where that is defined."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from trainer.errors import StageFailed
from trainer.object_store.tree import Entry, Section
from trainer.staging.sealed_json import opened, sealed

_ABSENT: Any = object()


class ChangedElsewhere(StageFailed):
    """Another machine committed something else at a path that was changed here; nothing of what was
    changed here is in the store."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} was changed here and meanwhile by another machine, in different ways; "
            "nothing was pushed: `trainer objects pull --discard` takes the other one's"
        )
        self.path = path


# Makes one entry of two that both differ from the base: (path, base, mine, theirs).
Reconcile = Callable[[str, Entry | None, Entry, Entry], Entry | None]


def merge_sections(
    base: Section, mine: Section, theirs: Section, reconcile: Reconcile
) -> dict[str, Entry]:
    """Return three sections as one. Raises `ChangedElsewhere` naming the path that both sides
    changed and that `reconcile` has no answer for."""
    merged = dict(theirs)
    for path in base.keys() | mine.keys():
        before, here, there = base.get(path), mine.get(path), theirs.get(path)
        if _same(here, before) or _same(here, there):
            continue
        if not _same(there, before):
            made = reconcile(path, before, here, there) if here and there else None
            if made is None:
                raise ChangedElsewhere(path)
            merged[path] = made
        elif here is None:
            merged.pop(path, None)
        else:
            merged[path] = here
    return merged


def _same(one: Entry | None, other: Entry | None) -> bool:
    return one is other or (one is not None and one.same(other))


def merge_json(base: Any, mine: Any, theirs: Any) -> Any:
    """Return three versions of a JSON value as one: objects key by key, lists with what either
    side added; of two other values that both changed, mine."""
    if mine in (base, theirs):
        return theirs
    if theirs == base:
        return mine
    if isinstance(mine, dict) and isinstance(theirs, dict):
        before = base if isinstance(base, dict) else {}
        merged = {
            key: merge_json(*(side.get(key, _ABSENT) for side in (before, mine, theirs)))
            for key in (*theirs, *(key for key in mine if key not in theirs))
        }
        return {key: value for key, value in merged.items() if value is not _ABSENT}
    if isinstance(mine, list) and isinstance(theirs, list):
        known = base if isinstance(base, list) else []
        gone = [item for item in known if item not in mine]
        added = [item for item in mine if item not in known and item not in theirs]
        return [item for item in theirs if item not in gone] + added
    return theirs if mine is _ABSENT else mine


def merge_json_bytes(base: bytes | None, mine: bytes, theirs: bytes) -> bytes:
    """Return three versions of a JSON file as one, written as `write_sealed` does."""
    versions = [opened(json.loads(content)) if content else {} for content in (base, mine, theirs)]
    made = sealed(merge_json(*versions))
    text = json.dumps(made, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return (text + "\n").encode()
