"""Text as the readers of its script compare it: without case, and without the marks that they
leave out themselves.

Latin and Greek lose all marks, Cyrillic those that make no letter of their own, Arabic and Hebrew
their points. Kana, Indic scripts, Thai and all others keep theirs: there a mark is a sound.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

APOSTROPHES = "'`"
# Format characters, variation selectors, fillers (Unicode's Default_Ignorable_Code_Point).
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_GEMINATE = re.compile("(?<=[lL])[\u00b7\u2027](?=[lL])")  # Catalan: one sound, no two words
_ALEF = "\u0627"
_MARKS_OF_ALEF = frozenset("\u0653\u0654\u0655")  # madda, hamza: left out over alef only
# Letters of their own in Russian, Belarusian, Ukrainian and Macedonian.
_CYRILLIC_LETTERS = frozenset(
    unicodedata.normalize("NFD", letter) for letter in "\u0419\u0439\u040e\u045e\u0407\u0457"
    "\u0403\u0453\u040c\u045c"
)  # fmt: skip
_WITHOUT_POINTS = frozenset({"LATIN", "GREEK", "COPTIC", "CYRILLIC", "ARABIC", "HEBREW", "SYRIAC"})
_SIGNS = str.maketrans(
    # What stands for an apostrophe, modifier letters and Hebrew's geresh among them.
    dict.fromkeys(
        "\u00b4\u02b9\u02ba\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u02ca\u02cb\u2018\u2019\u201b"
        "\u2032\u2035\u055a\u05f3\u05f4\ua78b\ua78c\uff07",
        "'",
    )
    | {"\u0640": ""}  # tatweel only makes a word longer
    # Letters that are also written as a consonant, a virama and a joiner.
    | {"\u0d7a": "\u0d23\u0d4d", "\u0d7b": "\u0d28\u0d4d", "\u0d7c": "\u0d30\u0d4d"}
    | {"\u0d7d": "\u0d32\u0d4d", "\u0d7e": "\u0d33\u0d4d", "\u0d7f": "\u0d15\u0d4d"}
    | {"\u09ce": "\u09a4\u09cd"}
)
# Letters that keyboards and countries write otherwise: yeh, kaf, heh, teh marbuta, alef wasla.
_ARABIC = str.maketrans(
    "\u0649\u06cc\u06a9\u0629\u06c1\u06d5\u0671", "\u064a\u064a\u0643\u0647\u0647\u0647\u0627"
)
_SMALL_KATAKANA_A, _KATAKANA_KE, _TO_HIRAGANA = 0x30A1, 0x30F6, 0x60
_ITERATION_MARK = 0x30FD


def fold(text: str) -> str:
    """`text` folded; blanks, signs and hyphens stay, apostrophes are one of `APOSTROPHES`."""
    if text.isascii():
        return text.lower()
    seen = unicodedata.normalize("NFKC", INVISIBLE.sub("", text).translate(_SIGNS))
    seen = _GEMINATE.sub("", seen.translate(_SIGNS))  # compatibility forms hide signs, too
    kept: list[str] = []
    base = ""
    for c in unicodedata.normalize("NFD", seen):
        if not is_mark(c):
            base = c
            kept.append(_letter(c))
        elif _is_kept(c, base):
            kept.append(c)
    return unicodedata.normalize("NFC", "".join(kept))


def is_mark(character: str) -> bool:
    """A vowel sign, virama, accent or point: belongs to the letter before it."""
    return unicodedata.category(character)[0] == "M"


@lru_cache(maxsize=8_192)
def script(character: str) -> str:
    """The script of a letter, as Unicode's names begin (LATIN, CJK, HANGUL...)."""
    return unicodedata.name(character, "").partition(" ")[0]


@lru_cache(maxsize=8_192)
def _letter(c: str) -> str:
    if c.isdecimal():
        return str(unicodedata.decimal(c))
    if _SMALL_KATAKANA_A <= ord(c) <= _KATAKANA_KE or ord(c) == _ITERATION_MARK:
        return chr(ord(c) - _TO_HIRAGANA)
    plain = c.casefold().translate(_ARABIC)
    if plain.isascii() or script(c) != "LATIN":
        return plain
    found = anyascii(plain).lower()
    return found if found.replace("'", "").isalnum() or found == "'" else plain


@lru_cache(maxsize=8_192)
def _is_kept(mark: str, base: str) -> bool:
    """Do readers of the letter's script tell it from the letter without this mark?"""
    if not base or not base.isalnum():
        return False
    if base + mark in _CYRILLIC_LETTERS:
        return True
    if mark in _MARKS_OF_ALEF:
        return script(base) == "ARABIC" and base != _ALEF
    return script(base) not in _WITHOUT_POINTS and not "\u0300" <= mark <= "\u036f"
