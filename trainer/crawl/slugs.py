"""How reference sites make an id of a name."""

from __future__ import annotations

import re
from collections.abc import Callable

from trainer.identity.folding import fold


def slug(name: str, style: str) -> str | None:
    """The id by `style` (underscore | hyphen | joined); None for a name that gives none."""
    return STYLES[style](name) or None


def _underscore(name: str) -> str:
    """Spaces become underscores; the rest stays as it is written."""
    return "_".join(name.split())


def _hyphen(name: str) -> str:
    """Lower case, hyphens between words, other signs dropped."""
    kept = re.sub(r"[^a-z0-9\s-]", "", _ascii(name))
    return "-".join(word for word in re.split(r"[\s-]+", kept) if word)


def _joined(name: str) -> str:
    """Lower-case letters and digits in one word."""
    return re.sub(r"[^a-z0-9]", "", _ascii(name))


def _ascii(name: str) -> str:
    """Without accents; empty where a letter has no ASCII form: half a name is another name."""
    plain = fold(name)
    return "" if any(c.isalpha() and not c.isascii() for c in plain) else plain


STYLES: dict[str, Callable[[str], str]] = {
    "underscore": _underscore,
    "hyphen": _hyphen,
    "joined": _joined,
}
