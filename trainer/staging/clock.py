"""The clock, and time stamps as text; most code is given the time as a parameter."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time in UTC, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def iso(moment: datetime) -> str:
    """Return `moment` in UTC as `2026-01-31T12:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_iso(text: str) -> datetime:
    """Return an ISO time stamp as a time in UTC; raises `ValueError` for other text."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def version_id(moment: datetime) -> str:
    """Return `moment` in UTC as `20260131_120000`: the name of a release's directory."""
    return moment.astimezone(UTC).strftime("%Y%m%d_%H%M%S")
