"""Names compared as people would: without case, accents, punctuation and order of words."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

APOSTROPHES = "'\u2019`"


@lru_cache(maxsize=65_536)
def words(name: str) -> frozenset[str]:
    """The words of a name, folded; signs that are neither letters nor digits part words."""
    if name.isascii():  # most names; ten times as fast
        return frozenset(name.translate(_ASCII).split())
    plain = unicodedata.normalize("NFKD", name).casefold()
    kept = "".join(
        c if c.isalnum() else "" if unicodedata.combining(c) or c in APOSTROPHES else " "
        for c in plain
    )
    return frozenset(kept.split())


def same_name(one: str, other: str) -> bool:
    """The same words, or two and more of one name within the other's."""
    mine, theirs = words(one), words(other)
    if not mine or not theirs:
        return one.strip() == other.strip() != ""
    shorter, longer = sorted((mine, theirs), key=len)
    joined = "".join(sorted(mine)) == "".join(sorted(theirs))
    return joined or (len(shorter) > 1 and shorter <= longer)


@lru_cache(maxsize=65_536)
def spellings(name: str) -> frozenset[str]:
    """Keys of a name: two names with one in common are one name, written otherwise.

    Order of words, case, accents and hyphens change nothing, nor do the usual ways to write
    Cyrillic names in Latin letters.
    """
    ways = {words(name), words(name.replace("-", ""))} if "-" in name else {words(name)}
    return frozenset(" ".join(sorted(map(_latin, some))) for some in ways if some)


def nearly(one: str, other: str) -> bool:
    """One name, perhaps in another spelling or with a slip of the keyboard."""
    if same_name(one, other) or spellings(one) & spellings(other) or _abbreviated(one, other):
        return True
    return len(one) >= _LONG and SequenceMatcher(None, one, other).ratio() >= _ALIKE


def names_several(alias: str) -> bool:
    """An alias that stands for a couple or twins names nobody."""
    return _SEVERAL.search(alias) is not None


def _abbreviated(one: str, other: str) -> bool:
    """Ruby O. and Ruby Ornsby."""
    mine, theirs = sorted((sorted(words(one)), sorted(words(other))), key=lambda w: len("".join(w)))
    rest, full = set(mine) - set(theirs), set(theirs) - set(mine)
    if len(mine) < 2 or len(rest) != 1 or len(full) != 1:
        return False
    initial, word = rest.pop(), full.pop()
    return len(initial) == 1 and word.startswith(initial)


def same_surname(one: str, other: str) -> bool:
    """Two names of two words and more that end alike and begin otherwise: siblings have such."""
    mine, theirs = one.split(), other.split()
    if len(mine) < 2 or len(theirs) < 2 or spellings(one) & spellings(other):
        return False
    return bool(spellings(mine[-1]) & spellings(theirs[-1]))


@lru_cache(maxsize=65_536)
def _latin(word: str) -> str:
    """Yulia and Julia, Oksana and Oxana, Tatyana and Tatiana, Yekaterina and Ekaterina."""
    plain = word.replace("x", "ks").translate(_Y).replace("ii", "i")
    return plain[1:] if plain.startswith("ie") else plain


_SEVERAL = re.compile(r"[&+]|\b(?:and|twins?|sisters|brothers|duo|couple)\b", re.IGNORECASE)
_LONG = 8  # letters: in shorter names a slip makes another name
_ALIKE = 0.9
_Y = str.maketrans("jy", "ii")
_ASCII = {
    code: chr(code).lower() if chr(code).isalnum() else "" if chr(code) in APOSTROPHES else " "
    for code in range(128)
}
