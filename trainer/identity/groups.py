"""Union-find over records: which of them are one person so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from trainer.identity.claims import ClaimFacts
from trainer.state.store import Claim, KnownIdentities


class Groups:
    """Disjoint sets of claims. The order of `unite` changes no set."""

    def __init__(self, claims: Iterable[Claim] = ()) -> None:
        self._parent: dict[Claim, Claim] = {claim: claim for claim in claims}

    def find(self, claim: Claim) -> Claim:
        parent = self._parent
        parent.setdefault(claim, claim)
        while parent[claim] != claim:
            parent[claim] = parent[parent[claim]]
            claim = parent[claim]
        return claim

    def unite(self, claims: Iterable[Claim]) -> None:
        first, *others = (self.find(claim) for claim in claims)
        for other in others:
            self._parent[self.find(other)] = self.find(first)

    def members(self) -> dict[Claim, list[Claim]]:
        """Every set by its representative, members sorted."""
        found: dict[Claim, list[Claim]] = defaultdict(list)
        for claim in sorted(self._parent):
            found[self.find(claim)].append(claim)
        return dict(found)

    def copy(self) -> Groups:
        twin = Groups()
        twin._parent = dict(self._parent)
        return twin


def settled_groups(records: Mapping[Claim, ClaimFacts], known: KnownIdentities) -> Groups:
    """What no evidence has to be weighed for: merges by the source, and what has one id already."""
    groups = Groups(records)
    by_id: dict[int, list[Claim]] = defaultdict(list)
    for claim, fact in records.items():
        groups.unite([claim, *((claim[0], other) for other in fact.same_as)])
        if claim in known.claims:
            by_id[known.current(known.claims[claim])].append(claim)
    for claims in by_id.values():
        groups.unite(claims)
    return groups
