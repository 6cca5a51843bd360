"""Countries and nationalities as people write them -> ISO 3166 alpha-2 codes."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

import yaml
from babel import Locale

TABLE = Path(__file__).with_name("nationalities.yaml")
# CLDR has these territories too, but ISO 3166 gives them to nobody.
NO_COUNTRIES = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ")
)
_SEPARATORS = re.compile(r"[,/;|]| and ")
_REMARK = re.compile(r"\([^()]*\)")


def code_of(text: str) -> str | None:
    """The code of a country, of a nationality, or of the country at the end of a place's name.

    A list of nationalities gives its first one; a bare upper-case code is taken for itself.
    """
    if text in codes():
        return text
    names, people = _names(), _people()
    whole = _key(text)
    if whole in names or whole in people:
        return names.get(whole) or people[whole]
    pieces = [key for key in map(_key, _SEPARATORS.split(_REMARK.sub(" ", text))) if key]
    if pieces and all(piece in people for piece in pieces):
        return people[pieces[0]]
    return names.get(pieces[-1]) if pieces else None


@cache
def codes() -> frozenset[str]:
    """Every ISO 3166 alpha-2 code."""
    return frozenset(
        code
        for code in map(str, Locale("en").territories)
        if re.fullmatch("[A-Z]{2}", code) and code not in NO_COUNTRIES
    )


def _key(text: str) -> str:
    """Without accents, case, punctuation, a leading article and the usual abbreviations."""
    plain = unicodedata.normalize("NFKD", text.replace("&", " and ")).casefold()
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    plain = re.sub("[.'\u2019]", "", plain)
    plain = " ".join(re.sub(r"[\W_]+", " ", plain).split())
    return re.sub(r"^the ", "", re.sub(r"^st ", "saint ", plain))


@cache
def _names() -> dict[str, str]:
    territories = Locale("en").territories
    found = {_key(territories[code]): code for code in codes()}
    table = _table()
    for part in ("parts", "names"):
        found |= {_key(word): code for code, words in table[part].items() for word in words}
    return found


@cache
def _people() -> dict[str, str]:
    return {_key(word): code for code, words in _table()["people"].items() for word in words}


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    content: dict[str, dict[str, list[str]]] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return content
