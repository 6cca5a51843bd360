"""The only place that asks for the time; everything else is given it."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def iso(moment: datetime) -> str:
    """`2026-01-31T12:00:00Z`"""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_iso(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)


def version_id(moment: datetime) -> str:
    """`20260131_120000`: the name of a release's directory."""
    return moment.astimezone(UTC).strftime("%Y%m%d_%H%M%S")
