"""The texts of a page's labels ("birthday" -> "March 4, 1985") into the fields of a profile."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

from scrapy_project.parsing import facts
from scrapy_project.parsing.profile import Fact

# Field -> the labels that sites have for it, best first, and what reads their text.
READERS: Final[Mapping[str, tuple[tuple[str, ...], Callable[[str], object]]]] = {
    "birth_date": (("birthday", "born", "date of birth", "birthdate"), facts.fuzzy_date),
    "death_date": (("date of death", "died", "deceased"), facts.fuzzy_date),
    "country": (("nationality", "country", "birthplace", "place of birth"), facts.country),
    "gender": (("gender", "sex"), facts.gender),
    "ethnicity": (("ethnicity",), facts.ethnicity),
    "height_cm": (("height",), facts.height_cm),
    "eye_color": (
        ("eye color", "eye colour", "eye colors", "eye colours", "eyes"),
        facts.eye_color,
    ),
    "hair_color": (
        ("hair color", "hair colour", "hair colors", "hair colours", "hair"),
        facts.hair_color,
    ),
}
CAREER: Final = ("years active as performer", "years active", "career", "active")
FIRST_YEAR: Final = ("career start", "first seen")
LAST_YEAR: Final = ("career end", "last seen")
# All labels of facts but those of a career's first and last year.
LABELS: Final = (*(label for labels, _ in READERS.values() for label in labels), *CAREER)


def read_facts(
    texts: Mapping[str, str], known: Collection[str]
) -> tuple[dict[str, Any], list[Fact]]:
    """Field -> value or None, and the texts that can't be read, but those of `known` fields."""
    values: dict[str, Any] = {}
    problems: list[Fact] = []
    for field, (labels, read) in READERS.items():
        present = list(_present(texts, labels))
        values[field] = next((v for v in map(read, present) if v is not None), None)
        unread = None if values[field] is not None else _first_stated(present)
        if unread is not None and field not in known:
            problems.append(not_understood(field, unread))
    years = next(_present(texts, CAREER), None)
    start, end = _first_and_last_year(texts) if years is None else facts.career_years(years)
    if years is not None and (start, end) == (None, None):
        problems.append(not_understood("career_start_year", years))
    return values | {"career_start_year": start, "career_end_year": end}, problems


def _first_stated(texts: Sequence[str]) -> str | None:
    """The first text that stands for a value."""
    return next((text for text in texts if not facts.says_nothing(text)), None)


def not_understood(field: str, text: str) -> Fact:
    """The note of a value that is there and can't be read."""
    return Fact(field=field, message=f"{text[:80]!r} is not understood")


def year_in(text: str | None) -> str | None:
    """The year of a text that names a moment (`2016-04`), not a span: as text, or the text."""
    year = re.search(r"\b(?:19|20)\d\d(?!\d)", text or "", re.ASCII)
    return year[0] if year else text


def _first_and_last_year(texts: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Of a career whose years have a label each. The last one may stand alone; it is never before
    the first."""
    first, last = (
        facts.career_years(next(_present(texts, labels), None))[0]
        for labels in (FIRST_YEAR, LAST_YEAR)
    )
    if last is None:
        return first, None
    return first, facts.career_years(f"{first or last} - {last}")[1]


def _present(texts: Mapping[str, str], labels: Sequence[str]) -> Iterator[str]:
    return (texts[label] for label in labels if label in texts)
