"""Names compared as people would: without case, punctuation, order of words, and the marks that
readers of their script leave out."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache

from anyascii import anyascii

from trainer.identity.folding import APOSTROPHES, fold, is_mark, script


@lru_cache(maxsize=65_536)
def words(name: str) -> frozenset[str]:
    """The words of a name, folded; signs that are neither letters nor digits part words."""
    if name.isascii():  # most names; ten times as fast
        return frozenset(name.translate(_ASCII).split())
    return frozenset(_words_in_order(name))


def _words_in_order(name: str) -> list[str]:
    return "".join(
        c if c.isalnum() or is_mark(c) else "" if c in APOSTROPHES else " " for c in fold(name)
    ).split()


def same_name(left: str, right: str) -> bool:
    """The same words, or two and more of one name within the other's."""
    mine, theirs = words(left), words(right)
    if not mine or not theirs:
        return left.strip() == right.strip() != ""
    shorter, longer = sorted((mine, theirs), key=len)
    joined = "".join(sorted(mine)) == "".join(sorted(theirs))
    return joined or (len(shorter) > 1 and shorter <= longer) or _same_unspaced(left, right)


def _same_unspaced(left: str, right: str) -> bool:
    mine = unspaced(left)
    return mine is not None and mine == unspaced(right)


def unspaced(name: str) -> str | None:
    """The name in one piece, for scripts that part the words of a name or do not; else None."""
    if name.isascii() or not scripts(name) & _UNSPACED:
        return None
    return "".join(_words_in_order(name)) or None


@lru_cache(maxsize=65_536)
def scripts(name: str) -> frozenset[str]:
    """The scripts of a name's letters; kana and Han are two, hiragana and katakana one."""
    if name.isascii():
        return _LATIN_ONLY if any(map(str.isalpha, name)) else frozenset()
    return frozenset(script(c) for c in fold(name) if c.isalpha())


@lru_cache(maxsize=65_536)
def spellings(name: str) -> frozenset[str]:
    """Keys of a name: two names with one in common are one name, written otherwise.

    Order of words, case, accents and hyphens change nothing, nor do the usual ways to write
    Cyrillic names in Latin letters, and letters such as the German umlauts in two of them.
    """
    ways = {words(name), words(name.replace("-", ""))} if "-" in name else {words(name)}
    if not name.isascii():
        ways |= {words(way) for way in _further_ways(name)}
    return frozenset(" ".join(sorted(map(_latin, some))) for some in ways if some)


def _further_ways(name: str) -> set[str]:
    whole = unicodedata.normalize("NFC", name).lower()
    ways = {whole.translate(_TWO_LETTERS), whole.translate(_NO_HYPHENS)} - {whole}
    in_one = unspaced(name)
    return ways | {in_one} if in_one else ways


def romanised(name: str) -> frozenset[str]:
    """Keys under which a name of another script may be spelled in Latin letters.

    To be held against the `spellings` of a name in Latin letters only: two names of one script can
    be the same in Latin letters and differ in their own. Empty where that is no way to write the
    name: Han, which has many sounds, Arabic and Hebrew without their vowels.
    """
    return _NO_KEYS if name.isascii() else _romanised(name)


@lru_cache(maxsize=65_536)
def _romanised(name: str) -> frozenset[str]:
    if not scripts(name) or not scripts(name) <= _SPELLED_BY_LETTER:
        return _NO_KEYS
    plain = " ".join(_words_in_order(name)).replace("\u03bf\u03c5", "ou")  # Greek: one sound
    latin = "".join(c for c in anyascii(plain).lower() if c.isalnum() or c == " ")
    return spellings(latin)


def spelled_alike(left: str, right: str) -> bool:
    """One name in two scripts, as far as spelling says."""
    return bool(romanised(left) & spellings(right) or spellings(left) & romanised(right))


def nearly(left: str, right: str) -> bool:
    """One name, perhaps in another spelling or with a slip of the keyboard."""
    if same_name(left, right) or spellings(left) & spellings(right) or _abbreviated(left, right):
        return True
    if spelled_alike(left, right):
        return True
    return len(left) >= _LONG and SequenceMatcher(None, left, right).ratio() >= _ALIKE


def names_several(alias: str) -> bool:
    """An alias that stands for a couple or twins names nobody."""
    return _SEVERAL.search(alias) is not None


def _abbreviated(left: str, right: str) -> bool:
    """Ruby O. and Ruby Ornsby."""
    mine, theirs = sorted(
        (sorted(words(left)), sorted(words(right))), key=lambda w: len("".join(w))
    )
    rest, full = set(mine) - set(theirs), set(theirs) - set(mine)
    if len(mine) < 2 or len(rest) != 1 or len(full) != 1:
        return False
    initial, word = rest.pop(), full.pop()
    has_case = initial.upper() != initial  # one Han or Hangul character is no initial
    return len(initial) == 1 and has_case and word.startswith(initial)


def same_surname(left: str, right: str) -> bool:
    """Two names of two words and more that end alike and begin otherwise: siblings have such."""
    mine, theirs = left.split(), right.split()
    if len(mine) < 2 or len(theirs) < 2 or spellings(left) & spellings(right):
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
# Letters that have a second spelling of two; the first one is `fold`'s.
_TWO_LETTERS = str.maketrans(
    {"\u00e4": "ae", "\u00f6": "oe", "\u00fc": "ue", "\u00f8": "oe", "\u00e5": "aa"}
    | {"\u0111": "dj", "\u00f0": "dh", "\u0259": "a"}
)
_NO_HYPHENS = dict.fromkeys(map(ord, "-\u2010\u2011\u2012\u2013\u2014\u058a\u05be"))
_NO_KEYS: frozenset[str] = frozenset()
_LATIN_ONLY = frozenset({"LATIN"})
# Names are written with a blank between their words or without one.
_UNSPACED = frozenset(
    {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN"}
)
_SPELLED_BY_LETTER = frozenset(
    {"GREEK", "CYRILLIC", "GEORGIAN", "ARMENIAN", "HIRAGANA", "KATAKANA-HIRAGANA", "DEVANAGARI"}
)
_ASCII = {
    code: chr(code).lower() if chr(code).isalnum() else "" if chr(code) in APOSTROPHES else " "
    for code in range(128)
}
