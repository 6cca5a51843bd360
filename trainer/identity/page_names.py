"""Does a page name the person whose record links to it? A link can be wrong, or old."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

from trainer.identity.names import names_several, nearly, same_name, spellings, words

Facts = Mapping[str, Any]

_BRACKETS = re.compile(r"\s*(?:\([^()]*\)|\[[^\[\]]*\])")
_ORDINAL = re.compile(r"(?<=\S)(?:,?\s+(?:#\d{1,2}|[2-9]|i{2,3}|iv|jr\.?|sr\.?))$", re.IGNORECASE)


def page_fits(page: Facts, person: Facts) -> bool:
    """Do `name` and `aliases` of a page and of a record name one person? Both have a `birth_date`.

    Spellings, order, initials and a part of a longer name are the same name; brackets and ordinals
    only tell namesakes apart. An alias of one word counts against a whole name only: many an "Anna"
    is listed below other names. Where two scripts can't be compared, the birth date stands in.
    """
    shown, known = _plain(page["name"]), _plain(person["name"])
    also_shown, also_known = _aliases(page), _aliases(person)
    main = (*product(shown, known), *product(also_shown, known), *product(shown, also_known))
    if any(nearly(left, right) for left, right in main):
        return True
    others = product(_whole(also_shown), _whole(also_known))  # many: no slips are looked for
    return (
        any(same_name(left, right) for left, right in others)
        or _one_by_first_name(shown, known)
        or _born_alike_in_two_scripts(page, person)
    )


def _plain(name: str) -> tuple[str, ...]:
    """The name without what stands in brackets, and what is left of it without an ordinal."""
    open_name = _BRACKETS.sub("", name).strip() or name
    return tuple(dict.fromkeys((open_name, _ORDINAL.sub("", open_name))))


def _aliases(facts: Facts) -> list[str]:
    own = (alias for alias in facts["aliases"] or () if not names_several(alias))
    return [name for alias in own for name in _plain(alias)]


def _whole(names: Iterable[str]) -> list[str]:
    return [name for name in names if len(words(name)) > 1]


def _one_by_first_name(shown: Iterable[str], known: Iterable[str]) -> bool:
    """Is one known by a first name alone? Not by a surname, which others have."""
    pairs = [*product(shown, known), *product(known, shown)]
    return any(
        len(words(left)) == 1 and bool(spellings(left) & spellings(right.split()[0]))
        for left, right in pairs
        if right.split()
    )


def _born_alike_in_two_scripts(page: Facts, person: Facts) -> bool:
    left, right = page["name"], person["name"]
    if left.isascii() == right.isascii() or words(left) & words(right):
        return False
    born = page["birth_date"] if len(page["birth_date"] or "") == len("YYYY-MM-DD") else None
    return born is not None and born == person["birth_date"]
