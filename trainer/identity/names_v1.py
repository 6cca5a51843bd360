"""How names were folded until the folding knew about scripts. Frozen: never change it.

Exclusions of that time are stored by these keys, and have to be found again.
"""

from __future__ import annotations

import unicodedata

_APOSTROPHES = "'\u2019`"
_Y = str.maketrans("jy", "ii")


def words(name: str) -> frozenset[str]:
    """The words of a name as they were folded then."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    kept = "".join(
        c if c.isalnum() else "" if unicodedata.combining(c) or c in _APOSTROPHES else " "
        for c in plain
    )
    return frozenset(kept.split())


def spellings(name: str) -> frozenset[str]:
    """The keys of a name's spellings as they were then."""
    ways = {words(name), words(name.replace("-", ""))}
    return frozenset(" ".join(sorted(map(_latin, some))) for some in ways if some)


def _latin(word: str) -> str:
    plain = word.replace("x", "ks").translate(_Y).replace("ii", "i")
    return plain[1:] if plain.startswith("ie") else plain
