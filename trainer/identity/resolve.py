"""Who is who: claims become performers with permanent ids.

A claim is one record of one source. An id is given once; when two ids turn out to be one person,
the id of a record that lives on stays and the other points to it. What has one id stays together,
also where the evidence of it has gone since.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from trainer.identity.claims import ClaimFacts, Join, spelled
from trainer.identity.groups import settled_groups
from trainer.state.store import Claim, KnownIdentities, Merge


@dataclass(frozen=True)
class Identities:
    """`performer_of` covers every claim; `new_ids` are given in this run, in this order.

    `evidence` says of a claim that was joined with another source's why that was done.
    """

    performer_of: dict[Claim, int]
    new_ids: list[int]
    merges: list[Merge]
    evidence: dict[Claim, str] = field(default_factory=dict)


def resolve(
    facts: Iterable[ClaimFacts], known: KnownIdentities, joins: Iterable[Join] = ()
) -> Identities:
    """Join claims and give ids. The order of `facts` and `joins` changes nothing."""
    records = {fact.claim: fact for fact in facts}
    groups = settled_groups(records, known)
    reasons: dict[Claim, set[str]] = defaultdict(set)
    for join in joins:
        groups.unite(join.claims)
        for claim in join.claims:
            reasons[claim].add(join.evidence)
    performer_of: dict[Claim, int] = {}
    merges: list[Merge] = []
    new_ids: list[int] = []
    for members in sorted(groups.members().values()):
        number = _keeper(members, records, known)
        if number is None:
            number = known.highest_id + len(new_ids) + 1
            new_ids.append(number)
        for old in sorted({known.current(known.claims[m]) for m in members if m in known.claims}):
            if old != number:
                merges.append(Merge(old, number, _evidence(members, records, reasons)))
        performer_of.update(dict.fromkeys(members, number))
    evidence = {claim: "; ".join(sorted(reasons[claim])) for claim in sorted(reasons)}
    return Identities(performer_of, new_ids, merges, evidence)


def _keeper(
    members: list[Claim], records: dict[Claim, ClaimFacts], known: KnownIdentities
) -> int | None:
    """The id that stays: a live record's own, else the smallest given to any member."""
    given = {m: known.current(known.claims[m]) for m in members if m in known.claims}
    live = [number for m, number in given.items() if m in records and records[m].live]
    return min(live or list(given.values()), default=None)


def _evidence(
    members: list[Claim], records: dict[Claim, ClaimFacts], reasons: dict[Claim, set[str]]
) -> str:
    """Why the members are one person, in one line."""
    merged = {
        other
        for claim in members
        if claim in records
        for same in records[claim].same_as
        for other in (claim, (claim[0], same))
    }
    lines = sorted({reason for claim in members for reason in reasons.get(claim, ())})
    if merged:
        lines.insert(0, f"merged by the source: {', '.join(map(spelled, sorted(merged)))}")
    return "; ".join(lines)
