"""Who is who: claims become performers with permanent ids.

A claim is one record of one source. Claims are joined here by the strongest evidence only: the
source itself says that one record was merged into another. An id is given once; when two ids
turn out to be one person, the id of the record that lives on stays and the other points to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from trainer.state.store import Claim, KnownIdentities, Merge


@dataclass(frozen=True)
class ClaimFacts:
    """What identity needs to know of one record."""

    claim: Claim
    merged_ids: tuple[str, ...] = ()
    merged_into: str | None = None
    live: bool = True


@dataclass(frozen=True)
class Identities:
    """`performer_of` covers every claim; `new_ids` are given in this run, in this order."""

    performer_of: dict[Claim, int]
    new_ids: list[int]
    merges: list[Merge]


def resolve(facts: Iterable[ClaimFacts], known: KnownIdentities) -> Identities:
    """Join claims and give ids. The order of `facts` changes nothing."""
    records = {fact.claim: fact for fact in facts}
    groups = _groups(records)
    performer_of: dict[Claim, int] = {}
    merges: list[Merge] = []
    new_ids: list[int] = []
    for members in groups:
        number = _keeper(members, records, known)
        if number is None:
            number = known.highest_id + len(new_ids) + 1
            new_ids.append(number)
        for old in sorted({known.current(known.claims[m]) for m in members if m in known.claims}):
            if old != number:
                merges.append(Merge(old, number, _evidence(members)))
        performer_of.update(dict.fromkeys(members, number))
    return Identities(performer_of, new_ids, merges)


def _groups(records: dict[Claim, ClaimFacts]) -> list[list[Claim]]:
    """Union-find over upstream merges; groups and members sorted."""
    parent: dict[Claim, Claim] = {}

    def find(claim: Claim) -> Claim:
        parent.setdefault(claim, claim)
        while parent[claim] != claim:
            parent[claim] = parent[parent[claim]]
            claim = parent[claim]
        return claim

    for claim, fact in records.items():
        others = [*fact.merged_ids, *([fact.merged_into] if fact.merged_into else [])]
        find(claim)
        for other in others:
            parent[find((claim[0], other))] = find(claim)
    groups: dict[Claim, list[Claim]] = defaultdict(list)
    for claim in parent:
        groups[find(claim)].append(claim)
    return sorted(sorted(members) for members in groups.values())


def _keeper(
    members: list[Claim], records: dict[Claim, ClaimFacts], known: KnownIdentities
) -> int | None:
    """The id that stays: a live record's own, else the smallest given to any member."""
    given = {m: known.current(known.claims[m]) for m in members if m in known.claims}
    live = [number for m, number in given.items() if m in records and records[m].live]
    return min(live or list(given.values()), default=None)


def _evidence(members: list[Claim]) -> str:
    listed = ", ".join(f"{source}:{source_id}" for source, source_id in members)
    return f"merged by the source: {listed}"
