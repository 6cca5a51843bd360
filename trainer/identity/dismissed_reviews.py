"""Review items that a person looked at and left as they are: not asked again while nothing changes.

An item whose text, performers or address change is another one, and is asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trainer.errors import ConfigError
from trainer.identity.reviews import Review
from trainer.staging.paths import DataDir
from trainer.state.decisions import deciding, read_decisions

_SINCE = 3  # version of state.db with the table


@dataclass(frozen=True)
class DismissedReview:
    """One such item: what it said, and why it was left."""

    key: str
    kind: str
    text: str
    reason: str
    left_at: str


def dismissed(data: DataDir) -> dict[str, DismissedReview]:
    """By key."""
    sql = "SELECT key, kind, text, reason, left_at FROM reviews_left ORDER BY key"
    return {row[0]: DismissedReview(*row) for row in read_decisions(data, sql, since=_SINCE)}


def still_open(items: Iterable[Review], known: Mapping[str, DismissedReview]) -> list[Review]:
    """Return the items that nobody dismissed."""
    return [item for item in items if item.key not in known]


def dismiss(data: DataDir, items: Iterable[Review], key: str, reason: str, at: str) -> Review:
    """Ask no more about the item with `key`, one of `items`, and return it."""
    found = {item.key: item for item in items}.get(key)
    if found is None:
        raise ConfigError(f"no review item {key!r} in the newest run; `trainer reviews` lists them")
    with deciding(data) as db:
        db.execute(
            "INSERT OR REPLACE INTO reviews_left (key, kind, text, reason, left_at) "
            "VALUES (?, ?, ?, ?, ?)",
            (key, found.kind, found.text, reason, at),
        )
    return found


def reopen(data: DataDir, key: str) -> None:
    """Take the dismissal of a review item back; raises `ConfigError` where it was not dismissed."""
    with deciding(data) as db:
        if not db.execute("DELETE FROM reviews_left WHERE key = ?", (key,)).rowcount:
            raise ConfigError(f"review item {key!r} was not left; `trainer reviews --all` lists it")
