"""Evidence that records of different sources are one person, and what speaks against it.

Strongest first: a record links to another source's record; two records share a strong link.
Contradicted evidence joins nobody: it becomes a `Conflict`, which a person has to look at.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from trainer.identity.claims import ClaimFacts, Join, dates_agree, spelled
from trainer.identity.groups import Groups, settled_groups
from trainer.identity.links import catalogues
from trainer.identity.reviews import Kind
from trainer.state.store import Claim, KnownIdentities

Records = Mapping[Claim, ClaimFacts]
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_OPPOSITES = frozenset({"FEMALE", "MALE"})
_CONTRADICTED: dict[str, Kind] = {
    "cross_link": "cross_link_contradicted",
    "shared_link": "shared_link_contradicted",
}


@dataclass(frozen=True, order=True)
class Clue:
    """`claims` are one person, says `text`; found at `url`. kind: cross_link | shared_link."""

    claims: tuple[Claim, ...]
    kind: Literal["cross_link", "shared_link"]
    text: str
    url: str


@dataclass(frozen=True, order=True)
class Conflict:
    """A clue (or several that hang together) that `problem` speaks against."""

    clue: Clue
    problem: str
    kind: Kind


def find_joins(
    facts: Iterable[ClaimFacts], known: KnownIdentities
) -> tuple[list[Join], list[Conflict]]:
    """Joins to make and conflicts to show, both sorted. The order of `facts` changes nothing."""
    records = {fact.claim: fact for fact in facts}
    groups = settled_groups(records, known)
    tiers = [sorted(_cross_links(records)), sorted(_shared_links(records))]
    joins: list[Join] = []
    while True:  # a join can settle which of two other links is the wrong one
        conflicts: list[Conflict] = []
        before = len(joins)
        for clues in tiers:
            accepted, refused = _decide(clues, groups, records)
            conflicts += refused
            for clue in accepted:
                joins.append(Join(clue.claims, clue.text))
                groups.unite(clue.claims)
        if len(joins) == before:
            return sorted(joins, key=lambda join: (join.claims, join.evidence)), sorted(conflicts)


def _cross_links(records: Records) -> Iterator[Clue]:
    for claim, fact in records.items():
        for link in fact.links if fact.live else ():
            other = (link.site or "", link.id or "")
            if other in records and other[0] != claim[0] and _leads_on(records[other]):
                text = f"{spelled(claim)} links to {spelled(other)}"
                yield Clue(tuple(sorted((claim, other))), "cross_link", text, link.url)


def _leads_on(fact: ClaimFacts) -> bool:
    """A record that was merged still names its person; a deleted one names nobody any more."""
    return fact.live or fact.merged_into is not None


def _shared_links(records: Records) -> Iterator[Clue]:
    owners: dict[tuple[str, str], dict[Claim, str]] = defaultdict(dict)
    for claim, fact in records.items():
        for link in fact.links if fact.live else ():
            if link.strong and link.site and link.id and (link.site, link.id) not in records:
                owners[link.site, link.id][claim] = link.url
    for claims in owners.values():
        if len({source for source, _ in claims}) > 1:
            url, listed = min(claims.values()), sorted(claims)
            text = f"{' and '.join(map(spelled, listed))} share the link {url}"
            yield Clue(tuple(listed), "shared_link", text, url)


def _decide(
    clues: list[Clue], groups: Groups, records: Records
) -> tuple[list[Clue], list[Conflict]]:
    """Clues without a contradiction, alone and together with the others that they meet."""
    profiles = _Profiles(groups, records)
    conflicts = []
    sound = []
    for clue in clues:
        roots = sorted({groups.find(claim) for claim in clue.claims})
        if len(roots) == 1:
            continue
        problem = profiles.problem(roots)
        if problem:
            conflicts.append(Conflict(clue, problem, _CONTRADICTED[clue.kind]))
        else:
            sound.append(clue)
    together = groups.copy()
    for clue in sound:
        together.unite(clue.claims)
    meeting: dict[Claim, set[Claim]] = defaultdict(set)
    for clue in sound:
        for claim in clue.claims:
            meeting[together.find(claim)].add(groups.find(claim))
    broken = {root: profiles.problem(sorted(roots)) for root, roots in meeting.items()}
    accepted = []
    for clue in sound:
        against = broken[together.find(clue.claims[0])]
        if against:
            conflicts.append(Conflict(clue, against, "links_contradict_each_other"))
        else:
            accepted.append(clue)
    return accepted, conflicts


class _Profiles:
    """What the records of each group say together."""

    def __init__(self, groups: Groups, records: Records) -> None:
        self._members = groups.members()
        self._records = records
        self._catalogues = catalogues()

    def problem(self, roots: list[Claim]) -> str | None:
        """What speaks against the groups being one person; None where nothing does.

        Records are compared one by one, so that what contradicts also does in a larger group.
        """
        for one, other in combinations(roots, 2):
            for a in self._live(one):
                for b in self._live(other):
                    found = _facts_differ(a, b) or self._entries_differ(a, b)
                    if found:
                        return found
            found = self._elsewhere(one, other) or self._elsewhere(other, one)
            if found:
                return found
        return None

    def _live(self, root: Claim) -> list[ClaimFacts]:
        facts = (self._records.get(claim) for claim in self._members[root])
        return [fact for fact in facts if fact is not None and fact.live]

    def _entries_differ(self, a: ClaimFacts, b: ClaimFacts) -> str | None:
        """Two entries in a catalogue that gives a person one; a source is one for its records."""
        if a.claim[0] == b.claim[0]:
            return f"{spelled(a.claim)} and {spelled(b.claim)} are two records of one source"
        mine, theirs = self._entries(a), self._entries(b)
        for space in sorted(mine.keys() & theirs.keys()):
            own = space[0] in (a.claim[0], b.claim[0])  # `_elsewhere` looks at these
            if not own and not mine[space] & theirs[space]:
                ids = f"{min(mine[space])} and {min(theirs[space])}"
                return f"{space[0]} has an entry for each: {ids}"
        return None

    def _elsewhere(self, one: Claim, other: Claim) -> str | None:
        """A record of `one` that links to a record of `other`'s source, and to none of `other`."""
        own: dict[tuple[str, bool], set[str]] = defaultdict(set)
        for source, number in self._members[other]:
            own[source, _is_uuid(number)].add(number)
        for fact in self._live(one):
            entries = self._entries(fact)
            for space in sorted(entries.keys() & own.keys()):
                if space[0] != fact.claim[0] and not entries[space] & own[space]:
                    return f"{spelled(fact.claim)} links to {space[0]}:{min(entries[space])}"
        return None

    def _entries(self, fact: ClaimFacts) -> dict[tuple[str, bool], set[str]]:
        """Ids by catalogue; a site that has numbers and names of entries counts as two."""
        found: dict[tuple[str, bool], set[str]] = defaultdict(set)
        for link in fact.links:
            if link.site in self._catalogues and link.id:
                found[link.site, _is_uuid(link.id)].add(link.id)
        return found


def _facts_differ(a: ClaimFacts, b: ClaimFacts) -> str | None:
    if not dates_agree(a.birth_date, b.birth_date):
        return f"{spelled(a.claim)} was born {a.birth_date}, {spelled(b.claim)} {b.birth_date}"
    if {a.gender, b.gender} == _OPPOSITES:
        return f"{spelled(a.claim)} is {a.gender}, {spelled(b.claim)} {b.gender}"
    return None


def _is_uuid(text: str) -> bool:
    return _UUID.search(text) is not None
