"""Values as people write them, into the forms that stash-boxes use. Pure; None: not understood."""

from __future__ import annotations

import re
from datetime import date

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
GENDERS = {"female": "FEMALE", "woman": "FEMALE", "male": "MALE", "man": "MALE"}


def fuzzy_date(text: str | None) -> str | None:
    """`March 4, 1985`, `4 March 1985`, `March 1985`, `1985-03-04`, `1985` -> YYYY[-MM[-DD]]."""
    if not text:
        return None
    plain = re.sub(r"(\d)(st|nd|rd|th)\b", r"\1", text.casefold()).replace(",", " ")
    if match := re.search(r"\b(\d{4})-(\d{2})(?:-(\d{2}))?\b", plain):
        return _checked(match[1], int(match[2]), int(match[3]) if match[3] else None)
    year = re.search(r"\b(1[89]\d\d|20\d\d)\b", plain)
    if year is None:
        return None
    month = next((n for n, m in enumerate(MONTHS, 1) if re.search(rf"\b{m[:3]}[a-z]*", plain)), 0)
    if not month:
        return year[1]
    day = re.search(r"\b(\d{1,2})\b(?!\d)", plain.replace(year[1], " "))
    return _checked(year[1], month, int(day[1]) if day else None)


def _checked(year: str, month: int, day: int | None) -> str | None:
    try:
        date(int(year), month, day or 1)
    except ValueError:
        return None
    return f"{year}-{month:02d}" + (f"-{day:02d}" if day else "")


def gender(text: str | None) -> str | None:
    return GENDERS.get((text or "").strip().casefold())


def country(text: str | None) -> str | None:
    """ISO 3166 alpha-2 code of a country's name or of a nationality."""
    raise NotImplementedError


def height_cm(text: str | None) -> int | None:
    """`170 cm`, `5'7"`, `5 ft 7 in (170 cm)` -> centimetres."""
    raise NotImplementedError
