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
_BEFORE = "v1 "  # no key of today has a blank


def person_text(name: str) -> tuple[str, str]:
    """The name as an entry holds it, and the mark that ends the entry; raises `ConfigError`."""
    if not words(name):
        raise ConfigError(f"{name!r} has no letters to compare names by")
    if name.isascii():
        return " ".join(sorted(words(name))), ""
    return unicodedata.normalize("NFC", tidy_name(name)).casefold(), _SPELLED


def entry_keys(value: str) -> tuple[str, frozenset[str]]:
    """The birth date of an entry, and the keys of its name."""
    name, _, born = value.removesuffix(_SPELLED).rpartition("|")
    found = _keys(name)
    return born, found if value.endswith(_SPELLED) else found | {_before(name)}


def record_keys(names: Iterable[str]) -> Iterator[str]:
    """The keys of a record's names."""
    for name in names:
        yield from sorted(_keys(name))
        if not name.isascii():
            yield _before(name)


def _keys(name: str) -> frozenset[str]:
    """What identity holds to be one name is one name here."""
    whole = "".join(sorted(words(name)))
    found = {key.replace(" ", "") for key in (whole, *spellings(name), *romanised(name))}
    return frozenset(found - {""})


def _before(name: str) -> str:
    return _BEFORE + "".join(sorted(names_v1.words(name)))
