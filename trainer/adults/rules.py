"""Adults only: a performer not shown to be 18 or more at the career's start is in no release.

Sources give a start as a year, and birth dates that are fuzzy and disagree. So every birth date is
held against every start: a person is an adult only where each of these readings says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Literal, NamedTuple

ADULT_YEARS = 18
# Earlier years are what a program writes that knows none, or a slip of the keyboard.
_FIRST_YEAR = 1900
_FIRST_LISTING = "1990"  # before any source was there

Outcome = Literal["adult", "under_age", "perhaps_under_age", "contradiction", "unknown_age"]
Span = tuple[str, str]  # the first and the last day that a fuzzy date can mean; days as text
_DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?(?!\d)")


class AgeFacts(NamedTuple):
    """What one record states. Fuzzy dates as sources give them: YYYY, YYYY-MM or YYYY-MM-DD."""

    birth_date: str | None
    career_start_year: int | None
    recorded_at: str | None  # when the source first listed the person


def judge(stated: Sequence[AgeFacts]) -> Outcome:
    """Return `adult` where every reading of what all records say shows it.

    A career start is enough where there is no birth date; a birth date needs a start. Without one
    the day on which a source first listed the person stands for it, and a listing before the
    career's start counts as well. `contradiction`: an adult by one reading and not by another.
    """
    turned = _turned_18(stated)
    starts = _career_starts(stated)
    if not turned:
        return "adult" if starts else "unknown_age"
    starts |= _listing_before(starts, stated)
    return _combine({_reading(day, start) for day in turned for start in starts})


def adult_from(stated: Iterable[AgeFacts]) -> str | None:
    """Return the last day on which the person can have become 18; None without a birth date."""
    return max((last for _, last in _turned_18(stated)), default=None)


def _career_starts(stated: Iterable[AgeFacts]) -> set[Span]:
    """The years in which the career starts, as all records say."""
    years = (f.career_start_year for f in stated)
    return {span for year in years if year and (span := _year(year))}


def _listing_before(starts: Iterable[Span], stated: Iterable[AgeFacts]) -> set[Span]:
    """The day of the first listing where it lies before all starts; it stands for one as well."""
    listed = min(filter(None, (_listing(f.recorded_at) for f in stated)), default=None)
    if listed and all(listed < first for first, _ in starts):
        return {(listed, listed)}
    return set()


def _combine(readings: set[Outcome]) -> Outcome:
    """One outcome of those by each reading."""
    if len(readings) == 1:
        return readings.pop()
    if not readings:
        return "unknown_age"
    return "contradiction" if "adult" in readings else "under_age"


def _reading(turned: Span, start: Span) -> Outcome:
    """A start that is known by its year only is that of an adult who turned 18 in the year: most
    careers' starts are stated so, and many begin at 18."""
    by_year = start[0] != start[1] and turned[0] <= start[1]
    if by_year or turned[1] <= start[0]:
        return "adult"
    return "under_age" if turned[0] > start[1] else "perhaps_under_age"


def _turned_18(stated: Iterable[AgeFacts]) -> set[Span]:
    """The days of becoming 18, by birth dates without those that a finer one agrees with."""
    found = {known for f in stated if f.birth_date and (known := _known(f.birth_date))}
    if len(found) > 1:
        found = {d for d in found if not any(o != d and o.startswith(d) for o in found)}
    return {_eighteenth(date) for date in found}


# Cached: dates and years come again and again in the records of 100,000 performers.
@cache
def _known(date: str) -> str | None:
    """What is certain of a fuzzy date: a first of January stands for its year in many records, a
    first of a month for the month. None for one that is no date."""
    match = _DATE.match(date)
    if match is None or int(match[0][:4]) < _FIRST_YEAR:
        return None
    date = match[0]
    return date.removesuffix("-01").removesuffix("-01") if len(date) == 10 else date


@cache
def _eighteenth(date: str) -> Span:
    """Days as text: the 31st of any month does for comparing."""
    day = f"{int(date[:4]) + ADULT_YEARS:04d}{date[4:]}"
    first, last = {4: ("-01-01", "-12-31"), 7: ("-01", "-31"), 10: ("", "")}[len(date)]
    return day + first, day + last


@cache
def _year(number: int) -> Span | None:
    return (f"{number:04d}-01-01", f"{number:04d}-12-31") if number >= _FIRST_YEAR else None


def _listing(moment: str | None) -> str | None:
    """The day of a moment as sources give it; a made-up one is none."""
    return moment[:10] if moment and _FIRST_LISTING <= moment < "3" else None
