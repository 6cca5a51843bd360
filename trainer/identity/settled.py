"""Records united without weighing evidence: by decisions, sources' merges, and earlier ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from trainer.identity.claims import ClaimFacts, dates_agree, spelled
from trainer.identity.decisions import Decision
from trainer.identity.groups import Groups
from trainer.identity.names import same_name
from trainer.identity.source_merges import Contradiction, unite_merged
from trainer.state.store import Claim, KnownIdentities


@dataclass(frozen=True)
class Settled:
    """`contradictions`: what would have made one person of two live records of one source."""

    groups: Groups
    contradictions: list[Contradiction]


def settle(
    records: Mapping[Claim, ClaimFacts], known: KnownIdentities, decided: Sequence[Decision] = ()
) -> Settled:
    """Unite what people decided, what sources merged, and what has one id already, unless its
    records no longer match each other."""
    groups = Groups(records, decided, {claim for claim, fact in records.items() if fact.live})
    _unite_decided(records, decided, groups)
    found = unite_merged(records, groups)
    taken_out = {claim for d in decided if d.action == "split" for claim in d.sides[0]}
    for number, claims in sorted(_claims_by_id(records, known).items()):
        if not any(strangers(records, groups, claims)):
            ordered = sorted(claims, key=lambda claim: (claim in taken_out, claim))
            found += _unite_id(number, ordered, groups)
    return Settled(groups, sorted(set(found)))


def _unite_decided(
    records: Mapping[Claim, ClaimFacts], decided: Sequence[Decision], groups: Groups
) -> None:
    """Unite the records at hand that people decided to be one person."""
    for decision in decided:
        present = sorted(c for side in decision.sides for c in side if c in records)
        if decision.action == "merge" and present:
            groups.unite(present, though_both_live=True)


def _claims_by_id(
    records: Mapping[Claim, ClaimFacts], known: KnownIdentities
) -> dict[int, list[Claim]]:
    """Return the records at hand, sorted, by the performer id that they have already."""
    found: dict[int, list[Claim]] = defaultdict(list)
    for claim in sorted(records):
        if claim in known.claims:
            found[known.current(known.claims[claim])].append(claim)
    return found


def _unite_id(number: int, claims: list[Claim], groups: Groups) -> Iterator[Contradiction]:
    """Unite the records of one id; those that are kept apart from the first, separately."""
    while claims:
        groups.unite(claims)
        rest = [claim for claim in claims if groups.find(claim) != groups.find(claims[0])]
        for claim in rest:
            pair = groups.both_live(claims[0], claim)
            if pair and groups.apart(claims[0], claim) is None:
                listed = f"{spelled(claims[0])} and {spelled(claim)}"
                yield Contradiction(
                    (min(pair), max(pair)), f"{listed} were both performer {number}"
                )
        claims = rest


def strangers(
    records: Mapping[Claim, ClaimFacts], groups: Groups, claims: Sequence[Claim]
) -> Iterator[tuple[Claim, Claim]]:
    """Yield the pairs of live records that no longer match each other: their source took a merge
    back, or one was rewritten to describe somebody else."""
    live = [claim for claim in claims if claim in records and records[claim].live]
    for left, right in combinations(live, 2):
        if groups.find(left) != groups.find(right) and (
            left[0] == right[0] or _rewritten(records[left], records[right])
        ):
            yield left, right


def _rewritten(a: ClaimFacts, b: ClaimFacts) -> bool:
    if not a.name or not b.name or dates_agree(a.birth_date, b.birth_date):
        return False
    return not any(same_name(x, y) for x in (a.name, *a.aliases) for y in (b.name, *b.aliases))
