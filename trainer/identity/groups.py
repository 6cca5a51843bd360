"""Union-find over records: which of them are one person so far."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from trainer.identity.decisions import Decision
from trainer.state.store import Claim

_Marks = frozenset[tuple[int, int]]  # (decision, side) of the splits that a set has records of


class Groups:
    """Disjoint sets of claims. What a split keeps apart is never united, nor are two records of
    one source that both live."""

    def __init__(
        self,
        claims: Iterable[Claim] = (),
        decided: Sequence[Decision] = (),
        live: AbstractSet[Claim] = frozenset(),
    ) -> None:
        self._parent: dict[Claim, Claim] = {claim: claim for claim in claims}
        self._marks: dict[Claim, _Marks] = {}
        self._live = live
        self._living: dict[Claim, tuple[Claim, ...]] = {}  # of sets of two claims and more
        for decision in decided:
            if decision.action == "split":
                for number, side in enumerate(decision.sides):
                    for claim in side:
                        self._marks[claim] = self._marks.get(claim, frozenset()) | {
                            (decision.number, number)
                        }

    def find(self, claim: Claim) -> Claim:
        """Return the representative of a claim's set; a claim that is new is a set of its own."""
        parent = self._parent
        parent.setdefault(claim, claim)
        while parent[claim] != claim:
            parent[claim] = parent[parent[claim]]
            claim = parent[claim]
        return claim

    def unite(self, claims: Iterable[Claim], *, though_both_live: bool = False) -> None:
        """Unite the sets of `claims`, but for those that are kept from the first's."""
        first, *others = (self.find(claim) for claim in claims)
        for claim in others:
            root, joined = self.find(first), self.find(claim)
            if root == joined or self.apart(root, joined) is not None:
                continue
            if though_both_live or not self.both_live(root, joined):
                self._parent[joined] = root
                self._living[root] = (*self._living_in(root), *self._living_in(joined))
                if joined in self._marks:
                    self._marks[root] = self._marks.get(root, frozenset()) | self._marks[joined]

    def apart(self, left: Claim, right: Claim) -> int | None:
        """The number of the decision that keeps the sets of two claims apart, if one does."""
        if not self._marks:
            return None
        mine = self._marks.get(self.find(left), frozenset())
        theirs = self._marks.get(self.find(right), frozenset())
        return min((number for number, side in mine if (number, 1 - side) in theirs), default=None)

    def both_live(self, left: Claim, right: Claim) -> tuple[Claim, Claim] | None:
        """The first two records of one source that live, one in the set of each claim."""
        mine, theirs = self._living_in(self.find(left)), self._living_in(self.find(right))
        pairs = [(a, b) for a in mine for b in theirs if a[0] == b[0]]
        return min(pairs) if pairs else None

    def _living_in(self, root: Claim) -> tuple[Claim, ...]:
        known = self._living.get(root)
        if known is not None:
            return known
        return (root,) if root in self._live else ()

    def members(self) -> dict[Claim, list[Claim]]:
        """Every set by its representative, members sorted."""
        found: dict[Claim, list[Claim]] = defaultdict(list)
        for claim in sorted(self._parent):
            found[self.find(claim)].append(claim)
        return dict(found)

    def copy(self) -> Groups:
        """Return independent sets with the same members and marks."""
        twin = Groups()
        twin._parent, twin._marks = dict(self._parent), dict(self._marks)
        twin._live, twin._living = self._live, dict(self._living)
        return twin
