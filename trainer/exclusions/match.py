"""By which keys an excluded name is found again, in whatever spelling it comes back.

An entry holds the name and the birth date, `mira zorn|1990-01-31`. A name that is not plain ASCII
is kept as it is spelled, and the entry ends in `|2`: its keys are made by the folding of today. An
entry without that mark may be of the time before, when names were stored folded: records are
also held against it by the folding of that time.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from trainer.errors import ConfigError
from trainer.identity import names_v1
from trainer.identity.names import romanised, spellings, words
from trainer.identity.tidy_names import tidy_name

_SPELLED = "|2"
# Prefixes of keys: of the folding before, and of an entry's name in Latin letters, which only
# a record that is spelled in them can have.
_BEFORE, _ROMANISED = "v1 ", "latin "


def person_text(name: str) -> tuple[str, str]:
    """The name as an entry holds it, and the mark that ends the entry; raises `ConfigError`."""
    if not words(name):
        raise ConfigError(
            f"{name!r} has no letters to compare names by; give the name as a source writes it"
        )
    if name.isascii():
        return " ".join(sorted(words(name))), ""
    return unicodedata.normalize("NFC", tidy_name(name)).lower(), _SPELLED


def entry_keys(value: str) -> tuple[str, frozenset[str]]:
    """The birth date of an entry, and the keys of its name."""
    name, _, born = value.removesuffix(_SPELLED).rpartition("|")
    found = _keys(name) | {_ROMANISED + key for key in _in_one(romanised(name))}
    return born, found if value.endswith(_SPELLED) else found | {_before(name)}


def record_keys(names: Iterable[str]) -> Iterator[str]:
    """The keys of a record's names.

    Two names of one script are never held against each other in Latin letters.
    """
    for name in names:
        own = sorted(_keys(name))
        yield from own
        yield from (_ROMANISED + key for key in own)
        yield from sorted(_in_one(romanised(name)))
        if not name.isascii():
            yield _before(name)


def _keys(name: str) -> frozenset[str]:
    """What identity holds to be one name is one name here."""
    return _in_one({"".join(sorted(words(name))), *spellings(name)})


def _in_one(keys: Iterable[str]) -> frozenset[str]:
    return frozenset({key.replace(" ", "") for key in keys} - {""})


def _before(name: str) -> str:
    return _BEFORE + "".join(sorted(names_v1.words(name)))
