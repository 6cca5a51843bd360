"""The exclusion list: people and pictures that are in no crawl, no face cache and no release.

Everything is found by hash look-ups, so that a list of thousands costs a crawl nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from trainer.exclusions.link_keys import LinkKeys, person_at, urls_of
from trainer.exclusions.match import entry_keys, record_keys
from trainer.exclusions.url_keys import domains_with_key, may_be_at, url_key
from trainer.faces.agreement import SAME_IMAGE_BITS
from trainer.identity.links import domains_of
from trainer.snapshots.image_ledger import EXCLUDED
from trainer.staging.paths import DataDir
from trainer.state.decisions import digest, read_decisions
from trainer.state.store import Claim

Kind = Literal["id", "url", "person", "image"]
# What belongs to an exclusion: records that the entry itself matches (or the release's performer
# has), `found` ones that a link leads to, pictures, and links by hash.
MemberKind = Literal["id", "found", "image", "link"]
Member = tuple[MemberKind, str]
Reason = Literal["id", "url", "person", "same_person", "link"]  # why a record is out
Record = Mapping[str, Any]
PHASH = "phash:"


@dataclass(frozen=True)
class Exclusion:
    """`value` in the one spelling that records are compared by.

    id: `source:source_id`; url: a canonical URL; person: `name|YYYY-MM-DD` (see `match`);
    image: a sha256 in hex, or `phash:` and 16 hex digits. `members`: what was found to belong.
    """

    kind: Kind
    value: str
    number: int = 0
    reason: str = ""
    added_at: str = ""
    removed_at: str | None = None
    members: frozenset[Member] = frozenset()


@dataclass
class Exclusions:
    """A list in force; falsy where it is empty. `digest` changes with every decision."""

    digest: str = ""
    claims: set[str] = field(default_factory=set)  # source:source_id, all
    own: set[str] = field(default_factory=set)  # those of `claims` that links may lead to
    own_domains: set[str] = field(default_factory=set)
    links: LinkKeys = field(default_factory=LinkKeys)
    urls: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)  # of `urls`: most links are of others
    persons: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    images: set[str] = field(default_factory=set)
    phashes: list[int] = field(default_factory=list)
    numbers: dict[tuple[Kind, str], int] = field(default_factory=dict)  # of the entries

    @classmethod
    def of(cls, entries: Iterable[Exclusion], digest: str = "") -> Exclusions:
        """Index `entries` and their members for look-ups."""
        found = cls(digest)
        for entry in entries:
            for kind, value in sorted({(entry.kind, entry.value), *entry.members}):
                found._add(kind, value, entry.number)
        return found

    def _add(self, kind: Kind | MemberKind, value: str, number: int) -> None:
        if kind == "id":
            self._add_own(value, number)
        elif kind == "found":
            self.claims.add(value)
        elif kind == "link":
            self.links.add(value)
        elif kind == "url":
            self.urls.add(url_key(value))
            self.domains.update(domains_with_key(value))
            self.numbers["url", url_key(value)] = number
        elif kind == "person":
            born, keys = entry_keys(value)
            self.persons[born] |= keys
            self.numbers.update({("person", f"{key}|{born}"): number for key in keys})
        elif value.startswith(PHASH):
            self.phashes.append(int(value.removeprefix(PHASH), 16))
        else:
            self.images.add(value)

    def _add_own(self, value: str, number: int) -> None:
        self.claims.add(value)
        self.own.add(value)
        self.numbers["id", value] = number
        with suppress(KeyError):  # a source that is not shipped: nobody's links are known to it
            self.own_domains.update(domains_of(claim_of(value)[0]))

    def __bool__(self) -> bool:
        return bool(self.claims or self.urls or self.persons or self.images or self.phashes)

    def claim(self, source: str, source_id: str) -> bool:
        """Is the record with this id excluded, or found to belong to an exclusion?"""
        return f"{source}:{source_id}" in self.claims

    def record(self, record: Record) -> Reason | None:
        """Return by what a record (or a target's candidate) is excluded; None where it is not."""
        found = self._by_itself(record)
        if found is not None:
            return found[0]
        if any(number in self.claims for number in _ids(record)):
            return "link"
        if self._leads_to_own(record) or self.links.match(record):
            return "link"
        return None

    def entry_of(self, record: Record) -> int | None:
        """Return the number of the exclusion that matches a record itself, not by a link."""
        found = self._by_itself(record)
        return self.numbers.get(found) if found else None

    def _by_itself(self, record: Record) -> tuple[Literal["id", "url", "person"], str] | None:
        """Return what of a record is excluded: kind and value, as in the keys of `numbers`."""
        for number in _ids(record):
            if number in self.own:
                return "id", number
        person = self._person_key(record)
        if person is not None:
            return "person", person
        for url in _urls(record) if self.urls else ():
            if self.url(url):
                return "url", url_key(url)
        return None

    def _person_key(self, record: Record) -> str | None:
        """Return the excluded name and birth date of a record, as `name key|birth date`."""
        birth = record.get("birth_date") or ""
        excluded = self.persons.get(birth)
        if not excluded:
            return None
        keys = record_keys(_names(record))
        return next((f"{key}|{birth}" for key in keys if key in excluded), None)

    def _leads_to_own(self, record: Record) -> bool:
        """Does a link name an excluded record of another source, as one of the same person?"""
        for url in urls_of(record) if self.own_domains else ():
            if may_be_at(url, self.own_domains):
                person = person_at(url)
                if person and person[0] != record["source"] and ":".join(person) in self.own:
                    return True
        return False

    def url(self, url: str) -> bool:
        """Is an address excluded, in whatever spelling?"""
        return bool(self.urls) and may_be_at(url, self.domains) and url_key(url) in self.urls

    def image(self, sha256: str | None) -> bool:
        """Is the picture with this hash excluded?"""
        return sha256 in self.images

    def alike(self, phashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Return a mask, (n,), of the perceptual hashes of excluded pictures, also when these were
        resized or recoded."""
        found = np.zeros(len(phashes), bool)
        for excluded in self.phashes:
            found |= np.bitwise_count(phashes ^ np.uint64(excluded)) < SAME_IMAGE_BITS
        return found

    @property
    def refusal(self) -> str:
        """Return why a picture is not kept. Another list gives another text, so that a picture
        refused by an earlier list is requested again."""
        return f"{EXCLUDED}: by the exclusion list {self.digest[:12]}"


def read_exclusions(data: DataDir) -> Exclusions:
    """Return the exclusions in force; needs read access to state.db only."""
    entries = read_entries(data)
    return Exclusions.of(entries, digest(data)) if entries else Exclusions(digest(data))


def read_entries(data: DataDir, removed: bool = False) -> list[Exclusion]:
    """Return the exclusions by number, with those taken back if `removed`."""
    rows = read_decisions(
        data,
        "SELECT kind, value, id, reason, added_at, removed_at FROM exclusions "
        "WHERE ? OR removed_at IS NULL ORDER BY id",
        (removed,),
    )
    if not rows:
        return []
    members: dict[int, set[Member]] = defaultdict(set)
    for number, kind, value in read_decisions(
        data, "SELECT exclusion_id, kind, value FROM exclusion_members"
    ):
        members[number].add((kind, value))
    return [
        Exclusion(kind, value, number, reason, added, taken_back, frozenset(members[number]))
        for kind, value, number, reason, added, taken_back in rows
    ]


def claim_of(value: str) -> Claim:
    """Return (source, source_id) of `source:source_id`."""
    source, _, number = value.partition(":")
    return source, number


def _ids(record: Record) -> list[str]:
    """Return a record's ids as `source:source_id`: its own, and those that it was merged with."""
    ids = (record["source_id"], *(record.get("merged_ids") or ()), record.get("merged_into_id"))
    return [f"{record['source']}:{number}" for number in ids if number is not None]


def _names(record: Record) -> list[str]:
    return [record["name"], *(record.get("aliases") or ())]


def _urls(record: Record) -> list[str]:
    page = record.get("page_url")
    return [*urls_of(record), page] if page else urls_of(record)
