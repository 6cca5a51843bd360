"""Resolve source records into performers with permanent ids.

A claim is one record of one source. An id is given once; when two ids turn out to be one person,
the id of a record that lives on stays and the other points to it. What has one id stays together,
also where the evidence of it has gone since, until a person takes it apart: then a record gets
back the id that it had before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from trainer.identity.claims import ClaimFacts, Join, spelled
from trainer.identity.decisions import Decision
from trainer.identity.settled import settle
from trainer.state.store import Claim, KnownIdentities, Merge


@dataclass(frozen=True)
class Identities:
    """`performer_of` covers every claim; `new_ids` are given in this run, in this order.

    `evidence` has the reasons for claims that were joined with another source's; `revived` are ids
    that were merged into another and stand by themselves again.
    """

    performer_of: dict[Claim, int]
    new_ids: list[int]
    merges: list[Merge]
    evidence: dict[Claim, str] = field(default_factory=dict)
    revived: list[int] = field(default_factory=list)


def resolve(
    facts: Iterable[ClaimFacts],
    known: KnownIdentities,
    joins: Iterable[Join] = (),
    decided: Sequence[Decision] = (),
) -> Identities:
    """Join claims and give ids. The order of `facts` and `joins` changes nothing."""
    records = {fact.claim: fact for fact in facts}
    groups = settle(records, known, decided).groups
    reasons: dict[Claim, set[str]] = defaultdict(set)
    for join in joins:
        groups.unite(join.claims)
        for claim in join.claims:
            reasons[claim].add(join.evidence)
    sets = sorted(groups.members().values())
    ids = _Ids(known, records, decided)
    given = ids.give(sets)
    performer_of: dict[Claim, int] = {}
    merges: list[Merge] = []
    for members, number in zip(sets, given, strict=True):
        for old in sorted(ids.candidates(members)):
            if old != number and old not in ids.taken:
                merges.append(Merge(old, number, _evidence(members, records, reasons, decided)))
        performer_of.update(dict.fromkeys(members, number))
    evidence = {claim: "; ".join(sorted(reasons[claim])) for claim in sorted(reasons)}
    return Identities(performer_of, ids.new, merges, evidence, ids.revived)


class _Ids:
    """Gives every set of records one id, and no id to two sets."""

    def __init__(
        self,
        known: KnownIdentities,
        records: Mapping[Claim, ClaimFacts],
        decided: Sequence[Decision],
    ) -> None:
        self._known, self._records = known, records
        self._taken_out = {c for d in decided if d.action == "split" for c in d.sides[0]}
        self.new: list[int] = []
        self.revived: list[int] = []
        self.taken: set[int] = set()

    def give(self, sets: list[list[Claim]]) -> list[int]:
        """Assign one id per set, in their order; sets that leave a performer choose last."""
        given: dict[int, int] = {}
        order = range(len(sets))
        for at in sorted(order, key=lambda i: (*self._leaving(sets[i]), i)):
            given[at] = self._choose(sets[at])
            self.taken.add(given[at])
        return [given[at] for at in order]

    def _leaving(self, members: list[Claim]) -> tuple[bool, bool, int]:
        """Return the sort key: taken out by a person, all have former ids, fewer known records."""
        known = [m for m in members if m in self._known.claims]
        had = bool(known) and all(m in self._known.former for m in known)
        return not self._taken_out.isdisjoint(members), had, -len(known)

    def candidates(self, members: list[Claim]) -> set[int]:
        """Return the current ids of the members that were known before this run."""
        known = self._known
        return {known.current(known.claims[m]) for m in members if m in known.claims}

    def _choose(self, members: list[Claim]) -> int:
        """Return the id that stays: a live record's own, else the smallest given to any member;
        for records that were taken out the one that they had before; else a new one."""
        live = [m for m in members if m in self._records and self._records[m].live]
        for some in (self.candidates(live), self.candidates(members)):
            if some - self.taken:
                return min(some - self.taken)
        former = self._former_ids(members)
        if former:
            self.revived.append(min(former))
            return min(former)
        self.new.append(self._known.highest_id + len(self.new) + 1)
        return self.new[-1]

    def _former_ids(self, members: list[Claim]) -> set[int]:
        """Return the ids that members had before a merge into an id that is given by now."""
        former = {n for m in members for n in self._known.former.get(m, ())}
        return {n for n in former - self.taken if self._known.current(n) in self.taken}


def _evidence(
    members: list[Claim],
    records: Mapping[Claim, ClaimFacts],
    reasons: Mapping[Claim, set[str]],
    decided: Sequence[Decision],
) -> str:
    """Return the reasons why the members are one person, in one line."""
    merged = _merged_by_source(members, records)
    lines = sorted({reason for claim in members for reason in reasons.get(claim, ())})
    if merged:
        lines.insert(0, f"merged by the source: {', '.join(map(spelled, sorted(merged)))}")
    lines += [d.text() for d in decided if d.action == "merge" and d.concerns(members)]
    return "; ".join(lines)


def _merged_by_source(members: list[Claim], records: Mapping[Claim, ClaimFacts]) -> set[Claim]:
    """Return the members that their own source merged with another member."""
    return {
        end
        for claim in members
        if claim in records
        for same in records[claim].same_as
        if (claim[0], same) in members
        for end in (claim, (claim[0], same))
    }
