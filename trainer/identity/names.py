"""Names compared as people would: without case, accents, punctuation and order of words."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

APOSTROPHES = "'\u2019`"


@lru_cache(maxsize=65_536)
def words(name: str) -> frozenset[str]:
    """The words of a name, folded; signs that are neither letters nor digits part words."""
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
