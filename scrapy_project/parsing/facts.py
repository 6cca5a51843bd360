"""Values as people write them, into the forms that stash-boxes use. Pure; None: not understood."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from scrapy_project.parsing.countries import code_of, is_former

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTH = re.compile(
    rf"\b(?:(\d{{1,2}})\s+(?:of\s+)?)?(sept|{'|'.join(f'{m}|{m[:3]}' for m in MONTHS)})\b\.?"
    r"(?:\s+(\d{1,2})(?!\d))?",
    re.ASCII,
)
_YEAR = r"\b(1[89]\d\d|20\d\d)\b"
_ISO = re.compile(rf"{_YEAR[:-2]}-(\d\d)(?:-(\d\d))?(?!\d)", re.ASCII)
_DIGITS = re.compile(rf"(?<![\d?])(\d{{1,2}})[-/.](\d{{1,2}})[-/.]{_YEAR}", re.ASCII)
_TWO_YEARS = re.compile(rf"{_YEAR}\s*(?:/|or)\s*{_YEAR}", re.ASCII)

_WORKING = r"\b(?:19|20)\d\d(?!\d)"
# Every dash that people type, and the words for one.
_TO = r"\s*(?:[-~\u2010-\u2015\u2212]+|\b(?:to|until|till|through)\b)\s*"
_PERIOD = re.compile(
    rf"(?P<start>{_WORKING})(?P<open>{_TO}(?:(?P<end>{_WORKING})|(?P<short>\d\d)(?![\d-]))?)?",
    re.ASCII,
)
_ONLY_END = re.compile(rf"(?:\?+|unknown)?{_TO}(?P<end>{_WORKING})", re.ASCII)

_TRANS = ("trans", "transgender", "transgendered", "transsexual", "transexual", "ts")
_FEMALE = ("female", "woman")
_MALE = ("male", "man")
GENDERS = {
    **dict.fromkeys((*_FEMALE, "f", "girl"), "FEMALE"),
    **dict.fromkeys((*_MALE, "m", "guy"), "MALE"),
    **{f"{t} {g}": "TRANSGENDER_FEMALE" for t in _TRANS for g in _FEMALE},
    **{f"{g} {t}": "TRANSGENDER_FEMALE" for t in _TRANS for g in _FEMALE},
    **{f"{t} {g}": "TRANSGENDER_MALE" for t in _TRANS for g in _MALE},
    **{f"{g} {t}": "TRANSGENDER_MALE" for t in _TRANS for g in _MALE},
    **dict.fromkeys(("transwoman", "mtf", "male to female", "shemale"), "TRANSGENDER_FEMALE"),
    **dict.fromkeys(("transman", "ftm", "female to male"), "TRANSGENDER_MALE"),
    **dict.fromkeys(("non binary", "nonbinary", "enby", "genderqueer"), "NON_BINARY"),
    "intersex": "INTERSEX",
}
ETHNICITIES = {
    **dict.fromkeys(("caucasian", "white"), "CAUCASIAN"),
    **dict.fromkeys(("black", "ebony", "african", "african american"), "BLACK"),
    **dict.fromkeys(("asian", "japanese", "chinese", "oriental"), "ASIAN"),
    **dict.fromkeys(("indian", "south asian", "east indian"), "INDIAN"),
    **dict.fromkeys(("latin", "latina", "latino", "hispanic"), "LATIN"),
    **dict.fromkeys(("middle eastern", "arab", "arabic", "arabian"), "MIDDLE_EASTERN"),
    **dict.fromkeys(("mixed", "mixed race", "multiracial", "biracial", "multi ethnic"), "MIXED"),
    **dict.fromkeys(
        ("eurasian", "half asian", "interracial", "multi racial", "bi racial"), "MIXED"
    ),
    **dict.fromkeys(("other", "native american", "pacific islander"), "OTHER"),
}
EYE_COLORS = {
    **{word: word.upper() for word in ("blue", "brown", "green", "grey", "hazel", "red")},
    "gray": "GREY",
}
HAIR_COLORS = {
    **{word: word.upper() for word in ("black", "red", "auburn", "grey", "bald", "white", "other")},
    **dict.fromkeys(("blonde", "blond", "fair"), "BLONDE"),
    **dict.fromkeys(("brunette", "brown"), "BRUNETTE"),
    **dict.fromkeys(("various", "varies", "multicolored", "multicoloured", "multi"), "VARIOUS"),
    **{"gray": "GREY", "silver": "GREY", "ginger": "RED", "redhead": "RED", "shaved": "BALD"},
}

# Typographic quotes and the signs for feet and inches.
_QUOTES = {0x2019: "'", 0x2032: "'", 0x201D: '"', 0x2033: '"'}
_CM = re.compile(r"\b(\d{2,3})(?:[.,]\d+)?\s*(?:cm|centimet)", re.ASCII)
_METRES = re.compile(r"\b([12])[.,](\d{1,2})\s*m\b|\b([12])\s*m\s*(\d{2})\b", re.ASCII)
_FEET = re.compile(
    r"""\b(\d)\s*(?:'(?!')|ft\.?|feet|foot)[\s,]*(?:and\s+)?(?:(\d{1,2}(?:\.\d+)?)\s*"""
    r"""(?:"|''|in\b|in\.|inch|$|\())?""",
    re.ASCII,
)


def fuzzy_date(text: str | None) -> str | None:
    """`March 4, 1985`, `4th of March 1985`, `March 1985`, `1985-03-04`, `1985` -> YYYY[-MM[-DD]].

    All-digit dates but the ISO form give their year only, where nobody can say which of two
    numbers is the month. Without a year there is no date, and of two years neither is one.
    """
    if not text:
        return None
    plain = re.sub(r"(\d)(st|nd|rd|th)\b", r"\1", _plain(text).replace(",", " "), flags=re.ASCII)
    if match := _ISO.search(plain):
        return _checked(match[1], int(match[2]), int(match[3] or 0))
    year = re.search(_YEAR, plain, re.ASCII)
    if year is None or _TWO_YEARS.search(plain):
        return None
    if match := _DIGITS.search(plain):
        return _in_digits(match[3], int(match[1]), int(match[2]))
    return _in_words(year[1], plain)


def _in_words(year: str, plain: str) -> str | None:
    """`March 4 1985` and `march 1985`, by the month's name; the year alone without one."""
    months = list(_MONTH.finditer(plain))  # the name before the date may be April's
    named = next((m for m in months if m[1] or m[3]), next(iter(months), None))
    if named is None:
        return year
    month = next(n for n, name in enumerate(MONTHS, 1) if name.startswith(named[2][:3]))
    return _checked(year, month, int(named[1] or named[3] or 0))


def _in_digits(year: str, left: int, right: int) -> str | None:
    """`10/23/1985` and `23.10.1985`: what is above 12 is the day."""
    if (left > 12) == (right > 12):
        return year
    return _checked(year, min(left, right), max(left, right)) or year


def _checked(year: str, month: int, day: int) -> str | None:
    """A month or day of 0 is one that the site doesn't know."""
    if month == 0:
        return year
    try:
        date(int(year), month, day or 1)
    except ValueError:
        return None
    return f"{year}-{month:02d}" + (f"-{day:02d}" if day else "")


def says_nothing(text: str) -> bool:
    """Is it understood, but stands for no value: "10/23/19??", a country that is none today?"""
    return "??" in text or is_former(text)


def gender(text: str | None) -> str | None:
    """As stash-boxes spell it: FEMALE, MALE, TRANSGENDER_FEMALE, NON_BINARY, ..."""
    return GENDERS.get(_words(text))


def country(text: str | None) -> str | None:
    """ISO 3166 alpha-2 code of a country's name, of a nationality, or of a place that ends with
    its country (`Somewhere, France`). Of several nationalities the first one."""
    return code_of(text.strip()) if text else None


def height_cm(text: str | None) -> int | None:
    """`170 cm`, `1.70 m`, `5'7"`, `5 ft 7 in (170 cm)`, `170` -> centimetres, 50 to 300."""
    value = _in_centimetres(_plain(text or "").translate(_QUOTES).strip())
    return round(value) if value is not None and 50 <= value <= 300 else None


def _in_centimetres(plain: str) -> float | None:
    """The length of a text in whichever unit it is given; a number of three digits has none."""
    if match := _CM.search(plain):
        return int(match[1])
    if match := _METRES.search(plain):
        return int(match[1] or match[3]) * 100 + int((match[2] or match[4]).ljust(2, "0"))
    if match := _FEET.search(plain):
        return int(match[1]) * 30.48 + float(match[2] or 0) * 2.54
    return int(plain) if re.fullmatch(r"\d{3}", plain, re.ASCII) else None


def ethnicity(text: str | None) -> str | None:
    """As stash-boxes spell it; several different ones are MIXED. What stands in brackets explains
    the value before them, and is not one of its own."""
    whole = ETHNICITIES.get(_words(text))
    if whole or not text:
        return whole
    pieces = re.split(r"[,/&+]| and ", re.sub(r"\([^()]*\)", " ", text))
    found = {ETHNICITIES.get(_words(piece)) for piece in pieces}
    if None in found:
        return None
    return found.pop() if len(found) == 1 else "MIXED"


def eye_color(text: str | None) -> str | None:
    """As stash-boxes spell it; of several colours the first one."""
    return _first(text, EYE_COLORS)


def hair_color(text: str | None) -> str | None:
    """As stash-boxes spell it; of several colours the first one."""
    return _first(text, HAIR_COLORS)


def career_years(text: str | None) -> tuple[int | None, int | None]:
    """`2005 - 2014`, `2005-present`, `2005`, `2005-07, 2010-2014`, `?-2014` -> first and last
    year; None for what isn't said. A remark in brackets ("Started around 21 years old") is none."""
    plain = _plain(text or "").strip()
    outside = re.sub(r"\([^()]*\)", " ", plain).strip()
    plain = outside if re.search(_WORKING, outside, re.ASCII) else plain
    if match := _ONLY_END.match(plain):
        return None, int(match["end"])
    periods = list(_PERIOD.finditer(plain))
    if not periods:
        return None, None
    start, end = int(periods[0]["start"]), _last_year(periods[-1], alone=len(periods) == 1)
    return start, end if end is None or end >= start else None


def _last_year(period: re.Match[str], alone: bool) -> int | None:
    """None for one that still goes on; a single year is a last one where others stand before it."""
    if period["end"]:
        return int(period["end"])
    if period["short"]:
        return int(period["start"][:2] + period["short"])
    return None if alone or period["open"] else int(period["start"])


def _plain(text: str) -> str:
    """Lower case, full-width digits and their like made plain, and of bounded length."""
    return unicodedata.normalize("NFKC", text[:1000]).casefold()


def _words(text: str | None) -> str:
    return " ".join(re.findall(r"[^\W_]+", _plain(text or "")))


def _first(text: str | None, table: Mapping[str, str]) -> str | None:
    return next((table[word] for word in _words(text).split() if word in table), None)
