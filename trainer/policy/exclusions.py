"""The exclusion list: people and pictures that are in no crawl, no face cache and no release.

Everything is found by hash look-ups, so that a list of thousands costs a crawl nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from trainer.faces.agree import SAME_PICTURE_BITS
from trainer.identity.addresses import take_apart
from trainer.identity.links import domains_of, identify
from trainer.identity.names import words
from trainer.staging.paths import DataDir
from trainer.state.decisions import digest, read_decisions
from trainer.state.store import Claim

Kind = Literal["id", "url", "person", "image"]
Record = Mapping[str, Any]
PHASH = "phash:"
_PLAIN_HOST = re.compile(r"(?:https?:)?//([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:[:/?#]|$)", re.IGNORECASE)
REFUSED = "excluded"  # the reason of a picture row; with the list that it was refused by


@dataclass(frozen=True)
class Exclusion:
    """`value` in the one spelling that records are compared by.

    id: `source:source_id`; url: a canonical URL; person: `name words|YYYY-MM-DD`; image: a sha256
    in hex, or `phash:` and 16 hex digits. `members`: what was found to belong to it (kind id or
    image): the other records of the same person, and their pictures.
    """

    kind: Kind
    value: str
    number: int = 0
    reason: str = ""
    added_at: str = ""
    removed_at: str | None = None
    members: frozenset[tuple[Kind, str]] = frozenset()


@dataclass
class Exclusions:
    """A list in force; falsy where it is empty. `digest` changes with every decision."""

    digest: str = ""
    claims: set[str] = field(default_factory=set)  # source:source_id
    urls: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)  # of `urls`: most links are of others
    persons: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    images: set[str] = field(default_factory=set)
    phashes: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, entries: Iterable[Exclusion], digest: str = "") -> Exclusions:
        found = cls(digest)
        for entry in entries:
            for kind, value in sorted({(entry.kind, entry.value), *entry.members}):
                found._add(kind, value)
        return found

    def _add(self, kind: Kind, value: str) -> None:
        if kind == "id":
            self.claims.add(value)
        elif kind == "url":
            self.urls.add(url_key(value))
            self.domains.update(_domains(value))
        elif kind == "person":
            name, _, born = value.rpartition("|")
            self.persons[born].add(name_key(name))
        elif value.startswith(PHASH):
            self.phashes.append(int(value.removeprefix(PHASH), 16))
        else:
            self.images.add(value)

    def __bool__(self) -> bool:
        return bool(self.claims or self.urls or self.persons or self.images or self.phashes)

    def claim(self, source: str, source_id: str) -> bool:
        return f"{source}:{source_id}" in self.claims

    def record(self, record: Record) -> Kind | None:
        """By what a record (or a target's candidate) is excluded; None where it is not."""
        source = record["source"]
        ids = (record["source_id"], *(record.get("merged_ids") or ()), record.get("merged_into_id"))
        if any(number is not None and self.claim(source, number) for number in ids):
            return "id"
        born = self.persons.get(record.get("birth_date") or "")
        if born and any(name_key(name) in born for name in _names(record)):
            return "person"
        if self.urls and any(self.url(url) for url in _urls(record)):
            return "url"
        return None

    def url(self, url: str) -> bool:
        return bool(self.urls) and self._may_be(url) and url_key(url) in self.urls

    def _may_be(self, url: str) -> bool:
        """A look at the host, which costs little; True where it is not plain to see."""
        plain = _PLAIN_HOST.match(url)
        if plain is None:
            return True
        labels = plain[1].lower().split(".")
        return any(".".join(labels[start:]) in self.domains for start in range(len(labels)))

    def image(self, sha256: str | None) -> bool:
        return sha256 in self.images

    def alike(self, phashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Which perceptual hashes, (n,), are of an excluded picture, resized or recoded."""
        found = np.zeros(len(phashes), bool)
        for excluded in self.phashes:
            found |= np.bitwise_count(phashes ^ np.uint64(excluded)) < SAME_PICTURE_BITS
        return found

    @property
    def refusal(self) -> str:
        """Why a picture is not kept; another list gives another text, so that it is asked again."""
        return f"{REFUSED}: by the exclusion list {self.digest[:12]}"


def read_exclusions(data: DataDir) -> Exclusions:
    """What is in force; needs no more than to read state.db."""
    entries = read_entries(data)
    return Exclusions.of(entries, digest(data)) if entries else Exclusions(digest(data))


def read_entries(data: DataDir, removed: bool = False) -> list[Exclusion]:
    """The exclusions by number; those taken back too where `removed`."""
    rows = read_decisions(
        data,
        "SELECT kind, value, id, reason, added_at, removed_at FROM exclusions "
        "WHERE ? OR removed_at IS NULL ORDER BY id",
        (removed,),
    )
    if not rows:
        return []
    members: dict[int, set[tuple[Kind, str]]] = defaultdict(set)
    for number, kind, value in read_decisions(
        data, "SELECT exclusion_id, kind, value FROM exclusion_members"
    ):
        members[number].add((kind, value))
    return [
        Exclusion(kind, value, number, reason, added, taken_back, frozenset(members[number]))
        for kind, value, number, reason, added, taken_back in rows
    ]


def url_key(url: str) -> str:
    """One spelling of a URL: of a known site whom it names there, else the canonical address.

    Of text that is no address, the text.
    """
    link = identify(url)
    if link.site and link.id:
        return f"{link.site} {link.id}"
    address = take_apart(url)
    if address is None:
        return url
    return f"{address.host.removeprefix('www.')}{address.with_query()}"


def _domains(url: str) -> tuple[str, ...]:
    """Under which domains a URL with the same key may be."""
    link = identify(url)
    if link.site and link.id:
        return domains_of(link.site)
    address = take_apart(url)
    return (address.host.partition(":")[0].removeprefix("www."),) if address else ()


def name_key(name: str) -> str:
    return "".join(sorted(words(name)))


def claim_of(value: str) -> Claim:
    source, _, number = value.partition(":")
    return source, number


def _names(record: Record) -> list[str]:
    return [record["name"], *(record.get("aliases") or ())]


def _urls(record: Record) -> list[str]:
    links = [link if isinstance(link, str) else link["url"] for link in record.get("urls") or ()]
    page = record.get("page_url")
    return [*links, page] if page else links
