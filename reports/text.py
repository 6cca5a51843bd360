"""Values as people read them. Names come from outside: nothing in them may act on the page."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

MISSING = "–"  # noqa: RUF001
# Turn the direction of what follows, also outside of the name: shown by their code instead.
_BIDI = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&@/=^\"'])")
# What Markdown makes a link of without being asked: an address with a scheme, `www.`, an e-mail's.
_AUTOLINK = re.compile(r"(?i)(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?=@)")
_WORD_JOINER = "\u2060"  # not seen
_FORMULA = ("=", "+", "-", "@")
_FIGURE = re.compile(r"[+-]?[\d.,]+%?")


def plain(text: object) -> str:
    """Any text on one line, for a cell: control and direction characters as `<U+202E>`."""
    return "".join(
        f"<U+{ord(c):04X}>" if c in _BIDI or unicodedata.category(c) in {"Cc", "Cs"} else c
        for c in str(text)
    )


def markdown(text: object) -> str:
    """Any text where Streamlit reads Markdown: shown as it is, never interpreted, no link made."""
    return _MARKDOWN.sub(r"\\\1", _AUTOLINK.sub(_WORD_JOINER, plain(text)))


def with_code(text: object) -> str:
    """`markdown`, with what stands between backticks as code, where nothing is interpreted."""
    parts = plain(text).split("`")
    if len(parts) % 2 == 0:  # one has no partner
        return markdown(text)
    return "".join(f"`{p}`" if i % 2 and p else markdown(p) for i, p in enumerate(parts))


def cell(text: object) -> str:
    """`plain`, for a table that can be saved as CSV: no spreadsheet takes it for a formula."""
    shown = plain(text)
    risky = shown.startswith(_FORMULA) and not _FIGURE.fullmatch(shown)
    return f"'{shown}" if risky else shown


def percent(share: float | None) -> str:
    """Return a share in percent with one decimal."""
    return MISSING if share is None else f"{share:.1%}"


def number(value: int | None) -> str:
    """Return a count with thousands separators."""
    return MISSING if value is None else f"{value:,}"


def words(identifier: str) -> str:
    """`needs_approval` as `needs approval`."""
    return identifier.replace("_", " ")


def counted(value: int, noun: str) -> str:
    """`1 error`, `2 errors`"""
    return f"{value:,} {noun}" if value == 1 else f"{value:,} {noun}s"


def points(now: float | None, before: float | None) -> str | None:
    """The change of a share in percentage points; None where nothing changed that one can see."""
    if now is None or before is None:
        return None
    shown = f"{(now - before) * 100:+.1f}"
    return None if float(shown) == 0 else f"{shown} points"


def change(now: int | None, before: int | None) -> str | None:
    """The change of a count; None where there is none."""
    return None if now is None or before is None or now == before else f"{now - before:+,}"


def moment(text: str | None) -> datetime | None:
    """An ISO time as UTC; None where it is missing or not a time."""
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return at and (at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC))


def utc(text: str | None) -> str:
    """Return an ISO time stamp as `2026-01-31 12:00 UTC`."""
    at = moment(text)
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else MISSING


def local(at: datetime | None, zone: str | None) -> str:
    """`Sat 28 Nov 2026, 22:15` where the reader is; in UTC where that is not known."""
    if at is None:
        return MISSING
    there = at.astimezone(zone_of(zone))
    return f"{there:%a} {there.day} {there:%b %Y, %H:%M}" + ("" if zone else " UTC")


def zone_of(zone: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def duration(seconds: float | None) -> str:
    """Return seconds as `4.2 s`, `3 min 05 s` or `2 h 10 min`."""
    if seconds is None:
        return MISSING
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def size(count: int) -> str:
    """Return bytes as B, KB, MB or GB, of 1000 each."""
    value = float(count)
    for unit in ("B", "KB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"
