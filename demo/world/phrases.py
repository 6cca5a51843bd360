"""How the look-alikes write a person's facts, and where their numbered pictures lie."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from urllib.parse import unquote

from babel import Locale

from demo.world.site import Appearance, ShotReply


def long_date(fuzzy: str | None) -> str | None:
    """`1985-03-04` -> `March 4, 1985`; `1985-03` -> `March 1985`; `1985` -> `1985`."""
    if fuzzy is None:
        return None
    year, *rest = fuzzy.split("-")
    if not rest:
        return year
    month = calendar.month_name[int(rest[0])]
    return f"{month} {int(rest[1])}, {year}" if len(rest) > 1 else f"{month} {year}"


def country_name(code: str | None) -> str | None:
    """Return the English name of a country by its ISO code; None without one."""
    return str(Locale("en").territories[code]) if code else None


def words(value: str | None) -> str | None:
    """`MIDDLE_EASTERN` -> `Middle Eastern`."""
    return value.replace("_", " ").title() if value else None


def height(centimetres: int | None) -> str | None:
    """`170` -> `5 ft 7 in (170 cm)`."""
    if centimetres is None:
        return None
    feet, inches = divmod(round(centimetres / 2.54), 12)
    return f"{feet} ft {inches} in ({centimetres} cm)"


def career(start: int | None, end: int | None) -> str | None:
    """Return the years of a career, `2010 - present`; None where its start is unknown."""
    return f"{start} - {end or 'present'}" if start else None


def years(start: int | None, end: int | None) -> str | None:
    """`2006-2014 (Started around 21 years old)`; the bracket is without a number here."""
    return f"{start}-{end or 'present'} (Started around some years old)" if start else None


def iafd_gender(gender: str | None) -> str | None:
    """`TRANSGENDER_FEMALE` -> `Trans woman`."""
    spelled = {
        "FEMALE": "Woman",
        "MALE": "Man",
        "TRANSGENDER_FEMALE": "Trans woman",
        "TRANSGENDER_MALE": "Trans man",
    }
    return spelled.get(gender or "", words(gender))


def numbered(
    pattern: re.Pattern[str],
    path: str,
    appearances: Mapping[str, Appearance],
    width: int | None = None,
) -> ShotReply | None:
    """The picture that the groups `slug` and `number` (from 1) of `pattern` name in `path`."""
    match = pattern.fullmatch(unquote(path))
    appearance = appearances.get(match["slug"]) if match else None
    if match is None or appearance is None:
        return None
    number = int(match["number"])
    if not 1 <= number <= len(appearance.images):
        return None
    return ShotReply(appearance.images[number - 1], width)
