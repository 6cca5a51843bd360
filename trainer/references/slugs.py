"""How reference sites make an id of a name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_LETTERS = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ß": "ss", "æ": "ae", "Æ": "Ae"})


def slug(name: str, style: str) -> str | None:
    """The id by `style` (underscore | hyphen | joined); None for a name that gives none."""
    return STYLES[style](name) or None


def _underscore(name: str) -> str:
    """Spaces become underscores; the rest stays as it is written."""
    return "_".join(name.split())


def _hyphen(name: str) -> str:
    """Lower case, hyphens between words, other signs dropped."""
    kept = re.sub(r"[^a-z0-9\s-]", "", _ascii(name).lower())
    return "-".join(word for word in re.split(r"[\s-]+", kept) if word)


def _joined(name: str) -> str:
    """Lower-case letters and digits in one word."""
    return re.sub(r"[^a-z0-9]", "", _ascii(name).lower())


def _ascii(name: str) -> str:
    """Without accents; empty where a letter has no ASCII form: half a name is another name."""
    plain = "".join(
        c
        for c in unicodedata.normalize("NFKD", name.translate(_LETTERS))
        if not unicodedata.combining(c)
    )
    return "" if any(c.isalpha() and not c.isascii() for c in plain) else plain


STYLES: dict[str, Callable[[str], str]] = {
    "underscore": _underscore,
    "hyphen": _hyphen,
    "joined": _joined,
}
