"""Names as a source gives them, without what nobody sees; their spelling stays."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from trainer.identity.folding import INVISIBLE
from trainer.staging.rows import PerformerRecord

_JOINERS = "\u200c\u200d"
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_WIDE = re.compile("[\uff00-\uffef]+")
_LATIN_ENDS = "\u036f"  # and with it the scripts that need no joiner
_UNPRINTABLE = ("Cc", "Cs")
# What stays: a soft hyphen may be half of a letter that was decoded wrongly, and marks that turn
# the direction of writing are shown to people for what they are.
_SHOWN = frozenset("\u00ad\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def tidy_name(text: str) -> str:
    """`text` without control, format and doubled blank characters; empty where nothing is left.

    Joiners and variation selectors stay where they are part of how a name is written.
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    kept: list[str] = []
    for place, c in enumerate(text):
        if c.isspace():
            kept.append(" ")
        elif not _is_hidden(c) or _is_spelling(c, "".join(kept[-1:]), text[place + 1 : place + 2]):
            kept.append(c)
    tidy = " ".join("".join(kept).split())
    return tidy if alias_key(tidy) else ""


def tidy_aliases(name: str, aliases: Iterable[str]) -> list[str]:
    """Tidy aliases in order, each once, without the name: case, width and blanks tell no two."""
    found: dict[str, str] = {}
    for alias in map(tidy_name, aliases):
        if alias and not is_alias_of_itself(name, alias):
            found.setdefault(alias_key(alias), alias)
    return list(found.values())


def with_tidy_names(row: PerformerRecord) -> PerformerRecord:
    """Return a performer's row with its name and aliases tidy."""
    name = tidy_name(row["name"])
    return {**row, "name": name, "aliases": tidy_aliases(name, row["aliases"] or ())}


def is_alias_of_itself(name: str, alias: str) -> bool:
    """Does the alias differ from the name by case, width or blanks only?

    A name with its accents taken apart keeps the alias that has them in one piece.
    """
    return name == alias or _one_case(name) == _one_case(alias)


@lru_cache(maxsize=65_536)
def alias_key(alias: str) -> str:
    """The same for spellings that differ only by case, width, blanks or invisible characters."""
    if alias.isascii():
        return _one_case(alias)
    plain = unicodedata.normalize("NFKC", INVISIBLE.sub("", alias)).casefold()
    return unicodedata.normalize("NFC", " ".join(plain.split()))


def _one_case(text: str) -> str:
    if not text.isascii():
        text = _WIDE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
        text = INVISIBLE.sub("", text)
    return " ".join(text.casefold().split())


def _is_hidden(character: str) -> bool:
    invisible = INVISIBLE.match(character) is not None and character not in _SHOWN
    return invisible or unicodedata.category(character) in _UNPRINTABLE


def _is_spelling(c: str, before: str, after: str) -> bool:
    """Is a hidden character part of how scripts beyond Latin, or emoji, are written?"""
    if not before > _LATIN_ENDS:
        return False
    if c in _JOINERS:
        return after > _LATIN_ENDS and not after.isspace() and not _is_hidden(after)
    return _SELECTORS.match(c) is not None
