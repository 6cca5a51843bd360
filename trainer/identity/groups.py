"""Union-find over records: which of them are one person so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from trainer.identity.claims import ClaimFacts, dates_agree
from trainer.identity.decisions import Decision
from trainer.identity.names import same_name
from trainer.state.store import Claim, KnownIdentities

_Marks = frozenset[tuple[int, int]]  # (decision, side) of the splits that a set has records of


class Groups:
    """Disjoint sets of claims. What a split keeps apart is never united."""

    def __init__(self, claims: Iterable[Claim] = (), decided: Sequence[Decision] = ()) -> None:
        self._parent: dict[Claim, Claim] = {claim: claim for claim in claims}
        self._marks: dict[Claim, _Marks] = {}
        for decision in decided:
            if decision.action == "split":
                for number, side in enumerate(decision.sides):
                    for claim in side:
                        self._marks[claim] = self._marks.get(claim, frozenset()) | {
                            (decision.number, number)
                        }

    def find(self, claim: Claim) -> Claim:
        parent = self._parent
        parent.setdefault(claim, claim)
        while parent[claim] != claim:
            parent[claim] = parent[parent[claim]]
            claim = parent[claim]
        return claim

    def unite(self, claims: Iterable[Claim]) -> None:
        """Unite the sets of `claims`, but for those that a split keeps from the first's."""
        first, *others = (self.find(claim) for claim in claims)
        for other in others:
            one, two = self.find(first), self.find(other)
            if one != two and not self.apart(one, two):
                self._parent[two] = one
                if two in self._marks:
                    self._marks[one] = self._marks.get(one, frozenset()) | self._marks[two]

    def apart(self, one: Claim, other: Claim) -> int | None:
        """The number of the decision that keeps the sets of two claims apart, if one does."""
        if not self._marks:
            return None
        mine = self._marks.get(self.find(one), frozenset())
        theirs = self._marks.get(self.find(other), frozenset())
        return min((number for number, side in mine if (number, 1 - side) in theirs), default=None)

    def members(self) -> dict[Claim, list[Claim]]:
        """Every set by its representative, members sorted."""
        found: dict[Claim, list[Claim]] = defaultdict(list)
        for claim in sorted(self._parent):
            found[self.find(claim)].append(claim)
        return dict(found)

    def copy(self) -> Groups:
        twin = Groups()
        twin._parent, twin._marks = dict(self._parent), dict(self._marks)
        return twin


def settled_groups(
    records: Mapping[Claim, ClaimFacts], known: KnownIdentities, decided: Sequence[Decision] = ()
) -> Groups:
    """What no evidence has to be weighed for: what people decided, merges by the source, and what
    has one id already, unless its records have become strangers to each other since."""
    groups = Groups(records, decided)
    taken_out = {claim for d in decided if d.action == "split" for claim in d.sides[0]}
    for decision in decided:
        present = sorted(c for side in decision.sides for c in side if c in records)
        if decision.action == "merge" and present:
            groups.unite(present)
    by_id: dict[int, list[Claim]] = defaultdict(list)
    for claim in sorted(records):
        for other in sorted(records[claim].same_as):
            groups.unite([claim, (claim[0], other)])
        if claim in known.claims:
            by_id[known.current(known.claims[claim])].append(claim)
    for claims in by_id.values():
        if any(strangers(records, groups, claims)):
            continue
        _unite_id(sorted(claims, key=lambda claim: (claim in taken_out, claim)), groups)
    return groups


def _unite_id(claims: list[Claim], groups: Groups) -> None:
    """Unite the records of one id; those that a split keeps from the first, by themselves."""
    while claims:
        groups.unite(claims)
        claims = [claim for claim in claims if groups.find(claim) != groups.find(claims[0])]


def strangers(
    records: Mapping[Claim, ClaimFacts], groups: Groups, claims: Sequence[Claim]
) -> Iterator[tuple[Claim, Claim]]:
    """Pairs of live records that cannot be one person, whatever joined them once: their source
    took a merge back, or one was rewritten to describe somebody else."""
    live = [claim for claim in claims if claim in records and records[claim].live]
    for one, other in combinations(live, 2):
        if groups.find(one) != groups.find(other) and (
            one[0] == other[0] or _rewritten(records[one], records[other])
        ):
            yield one, other


def _rewritten(a: ClaimFacts, b: ClaimFacts) -> bool:
    if not a.name or not b.name or dates_agree(a.birth_date, b.birth_date):
        return False
    return not any(same_name(x, y) for x in (a.name, *a.aliases) for y in (b.name, *b.aliases))
