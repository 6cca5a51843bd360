"""What is kept of an excluded person's strong links, so that she is known by them once her records
are gone: hashes of a name and of a link, never one without the other.

An account may be a couple's, so that a link alone says nothing. Of hashes only equality can be
seen: another order of words, case, accents and the usual spellings are one name, a slip is not.
A key that is not plain ASCII is marked before it is hashed: without the mark it is of the folding
before (`names_v1`), and records are held against both.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from trainer.identity import names_v1
from trainer.identity.links import identify
from trainer.identity.names import names_several, romanised, same_surname, spellings
from trainer.state.store import Claim

Record = Mapping[str, Any]
_SHORT = "~"  # before an alias of one word: it counts only against a whole name
_FOLDED = "2 "  # before a name that the folding before would have made another key of
_ROMANISED = "r"  # before the hash of a name in Latin letters: only records that are spelled in
# them are held against it, since two names of another script can be the same in these


class LinkKeys:
    """Many keys, `name:link`, in two hashes of 16 hex digits."""

    def __init__(self) -> None:
        self._links: dict[str, set[str]] = defaultdict(set)
        self._romanised = False

    def add(self, key: str) -> None:
        """Add a key that `link_keys` made, `<hash of name>:<hash of link>`."""
        name, _, link = key.partition(":")
        self._links[name].add(link)
        self._romanised |= name.startswith(_ROMANISED)

    def __bool__(self) -> bool:
        return bool(self._links)

    def match(self, record: Record) -> bool:
        """Has the record a name and a link (or is it the page) that were kept together?

        Names first: links cost more to tell apart, and few records get there.
        """
        if not self._links:
            return False
        hashes = [_hash(name) for name in _own_names(record)]
        if self._romanised:
            hashes += [_ROMANISED + _hash(name) for name in _own_names(record, romanise=False)]
        kept = set[str]().union(*(self._links.get(name, ()) for name in hashes))
        return bool(kept) and any(_hash(f"{s} {i}") in kept for s, i in _links_ever(record))


def link_keys(record: Record) -> set[str]:
    """The keys to keep of an excluded record."""
    links = {_hash(f"{site} {number}") for site, number in named_links(record)}
    names = set(_kept_names(record)) if links else ()
    return {f"{name}:{link}" for name in names for link in links}


def strong_links(record: Record) -> set[Claim]:
    """(site, id) of whom a record names by its links, and its own."""
    return named_links(record) | {(record["source"], record["source_id"])}


def _links_ever(record: Record) -> Iterator[Claim]:
    """`strong_links`, and what they were called by earlier versions, which kept hashes as well."""
    yield from strong_links(record)
    for link in map(identify, urls_of(record)):
        if link.strong and link.site:
            yield from ((link.site, number) for number in link.formerly)


def named_links(record: Record) -> set[Claim]:
    """(site, id) of the links of a record that each name one person."""
    found = (person_at(url) for url in urls_of(record))
    return {person for person in found if person is not None}


@lru_cache(maxsize=65_536)  # a purge asks of the same records once an exclusion
def person_at(url: str) -> Claim | None:
    """(site, id) of the one person whom a link names, if it does."""
    link = identify(url)
    return (link.site, link.id) if link.strong and link.site and link.id else None


def urls_of(record: Record) -> list[str]:
    """Return the URLs of a record's links, of snapshots' structs or of plain text."""
    return [link if isinstance(link, str) else link["url"] for link in record.get("urls") or ()]


def _kept_names(record: Record) -> Iterator[str]:
    """Hashed."""
    for name in (record["name"], *_aliases(record)):
        short = "" if name is record["name"] or " " in name.strip() else _SHORT
        yield from (_hash(short + key) for key in _name_keys(name))
        yield from (_ROMANISED + _hash(short + key) for key in romanised(name))


def _own_names(record: Record, *, romanise: bool = True) -> Iterator[str]:
    for key in _own_keys(record["name"], romanise):
        yield from (key, _SHORT + key)
    for alias in _aliases(record):
        yield from _own_keys(alias, romanise)


def _own_keys(name: str, romanise: bool) -> Iterator[str]:
    """With the keys under which the name was kept until the folding changed."""
    yield from _name_keys(name)
    if not name.isascii() and romanise:
        yield from romanised(name)
        yield from names_v1.spellings(name)


def _name_keys(name: str) -> Iterator[str]:
    for key in spellings(name):
        yield key if key.isascii() else _FOLDED + key


def _aliases(record: Record) -> Iterator[str]:
    """Aliases that are names of this one person: siblings and couples list each other."""
    for alias in record.get("aliases") or ():
        if not (names_several(alias) or same_surname(record["name"], alias)):
            yield alias


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
