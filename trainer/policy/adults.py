"""Adults only: who cannot be shown to be 18 or more at the career's start stays out of releases."""

from __future__ import annotations

from typing import Literal, NamedTuple

ADULT_YEARS = 18

Verdict = Literal["adult", "under_age", "unknown_age"]


class AgeFacts(NamedTuple):
    """Fuzzy dates as sources give them: YYYY, YYYY-MM or YYYY-MM-DD."""

    birth_date: str | None
    career_start_year: int | None
    recorded_at: str | None  # when the source first listed the person


def judge(facts: AgeFacts) -> Verdict:
    """A birth year 18 or more years before the career's start; a career start where it is missing.

    Without a career start the year in which the source first listed the person stands for it.
    """
    birth = year_of(facts.birth_date)
    start = facts.career_start_year or (year_of(facts.recorded_at) if birth else None)
    if start is None:
        return "unknown_age"
    if birth is not None and start - birth < ADULT_YEARS:
        return "under_age"
    return "adult"


def year_of(date: str | None) -> int | None:
    """The year of a fuzzy date; None for a missing or unreadable one."""
    head = (date or "")[:4]
    return int(head) if len(head) == 4 and head.isdigit() else None
