"""Change how sources are asked: proposed, looked at, written; and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reports.actions.role import require_operator
from reports.actions.stored import stores
from trainer.config.sources import SOURCES_YAML, SourceConfig, shipped_sources
from trainer.overrides import history as changes
from trainer.overrides.entries import Entry, history
from trainer.overrides.names import Change, Name
from trainer.overrides.proposal import Proposal, propose
from trainer.overrides.rates import agreed_rate
from trainer.staging.paths import DataDir

BY = "pages"
MOST_LISTED = 20  # changes
MOST_REQUESTS = 60_000  # a minute, of a server of one's own
FIELDS = ("enabled", "requests_per_minute", "trust", "max_faces", "gender_filter")


def fastest(source: SourceConfig) -> int:
    """The highest rate that may be chosen, in requests per minute."""
    return max(agreed_rate(source) or MOST_REQUESTS, source.requests_per_minute)


def proposal(data: DataDir, source: SourceConfig, chosen: Mapping[str, Any]) -> Proposal | None:
    """What the file would become with the values of FIELDS in `chosen`; None where all are so.

    A value as shipped is left to what is shipped. Raises `ConfigError` for a value that builds
    would refuse.
    """
    shipped = shipped_sources()[source.key]
    found = [
        Change(
            Name(SOURCES_YAML, (source.key, field)),
            value,
            unset=value == getattr(shipped, field),
        )
        for field, value in chosen.items()
        if value != getattr(source, field)
    ]
    return propose(data, found) if found else None


@stores("config set")
def write(data: DataDir, found: Proposal) -> str:
    """Write what was looked at; returns a sentence. Raises `ConfigError` where the file changed."""
    require_operator()
    entry = changes.write(data, found, BY)
    return f"{entry.what}: written to {entry.file}; the next build uses it"


@stores("config undo")
def take_back(data: DataDir) -> str:
    """Undo the last change; returns a sentence."""
    require_operator()
    entry = changes.undo(data)
    return f"change {entry.number} ({entry.what}) is taken back; {entry.file} is as it was before"


def listed(data: DataDir) -> list[Entry]:
    """The last changes, newest first."""
    return history(data)[:MOST_LISTED]


def last(data: DataDir) -> Entry | None:
    """The change that would be taken back."""
    return changes.last_change(data)
