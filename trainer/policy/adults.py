"""Adults only: who cannot be shown to be 18 or more at the career's start stays out of releases.

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

Verdict = Literal["adult", "under_age", "turned_18_in_start_year", "contradiction", "unknown_age"]
Span = tuple[str, str]  # the first and the last day that a fuzzy date can mean; days as text
_DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?(?!\d)")


class AgeFacts(NamedTuple):
    """What one record says. Fuzzy dates as sources give them: YYYY, YYYY-MM or YYYY-MM-DD."""

    birth_date: str | None
    career_start_year: int | None
    recorded_at: str | None  # when the source first listed the person


def judge(told: Sequence[AgeFacts]) -> Verdict:
    """`adult` where every reading of what all records say shows it.

    A career start is enough where there is no birth date; a birth date needs a start. Without one
    the day on which a source first listed the person stands for it, and a listing before the
    career's start counts as well. `contradiction`: an adult by one reading and not by another.
    """
    births = _births(told)
    years = (f.career_start_year for f in told)
    starts = {_year(year) for year in years if year and year >= _FIRST_YEAR}
    if not births:
        return "adult" if starts else "unknown_age"
    listed = min(filter(None, (_listing(f.recorded_at) for f in told)), default=None)
    if listed and all(listed < start for start, _ in starts):
        starts.add((listed, listed))
    if not starts:
        return "unknown_age"
    readings = {_reading(birth, start) for birth in births for start in starts}
    if len(readings) == 1:
        return readings.pop()
    return "contradiction" if "adult" in readings else "under_age"


def adult_from(told: Iterable[AgeFacts]) -> str | None:
    """The last day on which the person can have become 18; None where no birth date is known."""
    return max((_eighteenth(last) for _, last in _births(told)), default=None)


def _reading(birth: Span, start: Span) -> Verdict:
    if _eighteenth(birth[1]) <= start[0]:
        return "adult"
    return "under_age" if _eighteenth(birth[0]) > start[1] else "turned_18_in_start_year"


def _births(told: Iterable[AgeFacts]) -> set[Span]:
    """Birth dates without those that a finer one agrees with."""
    found = {known for f in told if f.birth_date and (known := _known(f.birth_date))}
    if len(found) > 1:
        found = {d for d in found if not any(o != d and o.startswith(d) for o in found)}
    return {(_padded(date, "-01"), _padded(date, "-12", "-31")) for date in found}


@cache
def _known(date: str) -> str | None:
    """What is certain of a fuzzy date: a first of January stands for its year in many records, a
    first of a month for the month. None for one that is no date."""
    match = _DATE.match(date)
    if match is None or int(match[0][:4]) < _FIRST_YEAR:
        return None
    date = match[0]
    return date.removesuffix("-01").removesuffix("-01") if len(date) == 10 else date


def _padded(date: str, month: str, day: str = "-01") -> str:
    """The day as text; the 31st of any month does for comparing."""
    return date + {4: month + day, 7: day, 10: ""}[len(date)]


def _year(number: int) -> Span:
    return f"{number:04d}-01-01", f"{number:04d}-12-31"


def _listing(moment: str | None) -> str | None:
    return moment[:10] if moment and moment >= _FIRST_LISTING and _DATE.match(moment) else None


def _eighteenth(day: str) -> str:
    return f"{int(day[:4]) + ADULT_YEARS:04d}{day[4:]}"
