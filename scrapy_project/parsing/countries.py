"""Countries and nationalities as people write them -> ISO 3166 alpha-2 codes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml
from babel import Locale

TABLE = Path(__file__).with_name("nationalities.yaml")
# CLDR has these territories too, but ISO 3166 gives them to nobody.
NO_COUNTRIES = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ")
)
_SEPARATORS = re.compile(r"[,/;|]")
_AND = re.compile(r"[&+]|\band\b", re.IGNORECASE)
_REMARK = re.compile(r"\([^()]*\)")
_OF_ORIGIN = ("american", "australian", "british", "canadian")


def code_of(text: str) -> str | None:
    """The code of a country, of a nationality, or of the country at the end of a place's name.

    A list of nationalities gives its first one; a bare upper-case code is taken for itself.
    """
    if text in codes():
        return text
    whole = _lookup(_key(text))
    if whole is not None:
        return whole
    pieces = [piece for piece in _SEPARATORS.split(_REMARK.sub(" ", text)) if _key(piece)]
    last = _key(pieces[-1]) if pieces else ""
    first = None if last in _parts() else _first_nationality(pieces)
    return first or _names().get(last) or _hyphenated(last)


def _first_nationality(pieces: Sequence[str]) -> str | None:
    """The code of a list that begins with a nationality."""
    keys = (key for piece in pieces for key in map(_key, _AND.split(piece)) if key)
    return _people().get(next(keys, ""))


def is_former(text: str) -> bool:
    """Does the text name a country that is none today, or its people? It has no code: which of its
    successors somebody is from is not said."""
    return _key(text) in _former()


def _lookup(key: str) -> str | None:
    return _names().get(key) or _people().get(key)


def _hyphenated(key: str) -> str | None:
    """`Mexican-American`: the last word is the nationality, the others say where it began."""
    origin, _, nationality = key.rpartition(" ")
    people = _people()
    return people[nationality] if nationality in _OF_ORIGIN and origin in people else None


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
    found |= {_key(word): code for code, words in table["names"].items() for word in words}
    return found | _parts()


@cache
def _parts() -> dict[str, str]:
    parts = _table()["parts"]
    return {_key(word): code for code, words in parts.items() for word in words}


@cache
def _people() -> dict[str, str]:
    return {_key(word): code for code, words in _table()["people"].items() for word in words}


@cache
def _former() -> frozenset[str]:
    return frozenset(_key(word) for words in _table()["former"].values() for word in words)


@cache
def _table() -> dict[str, dict[str, list[str]]]:
    content: dict[str, dict[str, list[str]]] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return content
