"""A page's labelled facts ("Birthday: March 4, 1985") into the fields of a profile."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from scrapy_project.parsing import facts, reference
from scrapy_project.parsing.html import tidy
from scrapy_project.parsing.profile import Fact, Profile, Shot

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


def year_in(text: str | None) -> str | None:
    """The year of a text that names a moment (`2016-04`), not a span: as text, or the text."""
    year = re.search(r"\b(?:19|20)\d\d(?!\d)", text or "", re.ASCII)
    return year[0] if year else text


def label_of(text: str | None) -> str:
    """`Years Active:` -> `years active`."""
    return (tidy(text) or "").rstrip(": ").casefold()


def labelled(pairs: Iterable[tuple[str | None, str | None]]) -> dict[str, str]:
    """Label -> text, the first one of each label; empty texts are left out."""
    found: dict[str, str] = {}
    for label, text in pairs:
        value = tidy(text)
        if value is not None and label_of(label):
            found.setdefault(label_of(label), value)
    return found


def profile(
    name: str,
    texts: Mapping[str, str],
    *,
    shots: tuple[Shot, ...],
    aliases: Iterable[str] = (),
    links: tuple[str, ...] = (),
    more_pages: tuple[str, ...] = (),
    **known: Any,
) -> Profile:
    """The profile of `texts` (of `labelled`); a text that can't be read goes to `problems`.

    `known` are fields that the site's page says in a way of its own; they win where not None.
    Raises `PageError` (field_invalid) for a name that is no name.
    """
    values: dict[str, Any] = {}
    problems: list[Fact] = []
    for field, (labels, read) in READERS.items():
        present = [texts[label] for label in labels if label in texts]
        values[field] = next((v for v in map(read, present) if v is not None), None)
        unread = [text for text in present if not facts.says_nothing(text)]
        if values[field] is None and known.get(field) is None and unread:
            problems.append(reference.not_understood(field, unread[0]))
    values |= {field: value for field, value in known.items() if value is not None}
    years = next((texts[label] for label in CAREER if label in texts), None)
    start, end = facts.career_years(years)
    if years is not None and (start, end) == (None, None):
        problems.append(reference.not_understood("career_start_year", years))
    if years is None:
        start, end = first_and_last_year(texts)
    return reference.profile(
        shots,
        name=name,
        aliases=[a for a in aliases if a.casefold() != name.casefold()],
        career_start_year=start,
        career_end_year=end,
        links=links,
        more_pages=more_pages,
        problems=problems,
        **values,
    )


FIRST_YEAR: Final = ("career start", "first seen")
LAST_YEAR: Final = ("career end", "last seen")


def first_and_last_year(texts: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Of a career whose years have a label each. The last one may stand alone; it is never before
    the first."""
    first, last = (
        facts.career_years(next((texts[label] for label in labels if label in texts), None))[0]
        for labels in (FIRST_YEAR, LAST_YEAR)
    )
    if last is None:
        return first, None
    return first, facts.career_years(f"{first or last} - {last}")[1]
