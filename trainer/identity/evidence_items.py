"""Evidence that records are one person: each item with its kind, weight and words for people.

An item of weight `ENOUGH` joins by itself where nothing contradicts it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from trainer.identity.claims import ClaimFacts, spelled
from trainer.identity.names import names_several, nearly, same_surname, scripts
from trainer.identity.reviews import Kind
from trainer.state.store import Claim

Records = Mapping[Claim, ClaimFacts]
EvidenceKind = Literal["source_merge", "cross_link", "shared_link", "same_name", "same_alias"]

ENOUGH = 1.0
CROSS_LINK = 1.5
SHARED_LINK = 1.2
SHARED_ONLY = 0.8  # where the names do not agree


@dataclass(frozen=True, order=True)
class EvidenceItem:
    """`claims` are one person, says `text`; found at `url`."""

    claims: tuple[Claim, ...]
    kind: EvidenceKind
    text: str
    url: str
    weight: float = field(default=ENOUGH, compare=False)

    @property
    def evidence(self) -> str:
        """Return kind, weight and reason, for people to read."""
        return f"{self.kind} ({self.weight:.2f}): {self.text}"


@dataclass(frozen=True, order=True)
class Conflict:
    """An item of evidence (or several that hang together) that `problem` speaks against."""

    item: EvidenceItem
    problem: str
    kind: Kind


def cross_links(records: Records) -> Iterator[EvidenceItem]:
    """Yield an item per link from a live record to another source's record.

    A linked record that was merged still names its person; a deleted one names nobody any more.
    """
    named = _naming_somebody(records)
    for claim, fact in records.items():
        for link in fact.links if fact.live else ():
            linked = (link.site or "", link.id or "")
            if linked in named and linked[0] != claim[0]:
                text = f"{spelled(claim)} links to {spelled(linked)}"
                yield EvidenceItem(
                    tuple(sorted((claim, linked))), "cross_link", text, link.url, CROSS_LINK
                )


def _naming_somebody(records: Records) -> set[Claim]:
    """Return the records that live or were merged into another."""
    merged = {(c[0], number) for c, fact in records.items() for number in fact.merged_ids}
    return {
        claim for claim, fact in records.items() if fact.live or fact.merged_into or claim in merged
    }


def shared_links(records: Records) -> Iterator[EvidenceItem]:
    """Yield an item per strong link that records of different sources have in common.

    An account can have been given up and taken by another, or be a couple's; an entry can be
    pasted wrongly: a name must agree, too, or the item stays under `ENOUGH`.
    """
    for claims in link_owners(records).values():
        if len({source for source, _ in claims}) < 2:
            continue
        listed = sorted(claims)
        groups = _agreeing(listed, records)
        for group in groups:
            if len({source for source, _ in group}) > 1:
                yield _shared(group, claims, SHARED_LINK)
        if len(groups) > 1:
            yield _shared(listed, claims, SHARED_ONLY)


def _shared(listed: list[Claim], urls: Mapping[Claim, str], weight: float) -> EvidenceItem:
    url = min(urls[claim] for claim in listed)
    text = f"{' and '.join(map(spelled, listed))} share the link {url}"
    return EvidenceItem(tuple(listed), "shared_link", text, url, weight)


def _agreeing(listed: list[Claim], records: Records) -> list[list[Claim]]:
    """Split `listed` into groups within which names connect the records."""
    groups: list[list[Claim]] = []
    for claim in listed:
        near = [g for g in groups if any(names_agree(records[claim], records[c]) for c in g)]
        groups = [g for g in groups if g not in near] + [[claim, *(c for g in near for c in g)]]
    return [sorted(group) for group in groups]


def names_agree(a: ClaimFacts, b: ClaimFacts) -> bool:
    """Can these be names of one person: the same, or mistyped; or in two scripts with one full
    birth date?"""
    if not a.name or not b.name:
        return True
    if same_surname(a.name, b.name):  # siblings share accounts, and list each other
        return False
    if not scripts(a.name) & scripts(b.name) and _born_the_same_day(a, b):
        return True
    return _nearly_a_name(a, b)


def _born_the_same_day(a: ClaimFacts, b: ClaimFacts) -> bool:
    return len(a.birth_date or "") == len("YYYY-MM-DD") and a.birth_date == b.birth_date


def _nearly_a_name(a: ClaimFacts, b: ClaimFacts) -> bool:
    """Is a name of one record nearly one of the other's? Two aliases need two words each."""
    return any(
        nearly(x, y)
        for x in _names(a)
        for y in _names(b)
        if x == a.name or y == b.name or (" " in x and " " in y)
    )


def _names(fact: ClaimFacts) -> list[str]:
    return [fact.name, *(alias for alias in fact.aliases if not names_several(alias))]


def link_owners(records: Records) -> dict[tuple[str, str], dict[Claim, str]]:
    """Return live records and the URL that they give, by (site, id) of their strong links."""
    owners: dict[tuple[str, str], dict[Claim, str]] = defaultdict(dict)
    for claim, fact in records.items():
        for link in fact.links if fact.live else ():
            if link.strong and link.site and link.id and (link.site, link.id) not in records:
                owners[link.site, link.id][claim] = link.url
    return owners
