"""Merges that a source made itself, and what contradicts them.

Two records of one source that both live are two people, whatever the source says of merges: only a
person joins them. A dead record that leads to two live ones stays with neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from trainer.identity.claims import ClaimFacts, spelled
from trainer.identity.groups import Groups
from trainer.state.store import Claim

_Edge = tuple[Claim, Claim]


@dataclass(frozen=True, order=True)
class Contradiction:
    """`claims` are two live records of one source; `text` says what would make them one person."""

    claims: tuple[Claim, Claim]
    text: str


def unite_merged(records: Mapping[Claim, ClaimFacts], groups: Groups) -> list[Contradiction]:
    """Unite in `groups` what sources merged, after what people decided; what was not, and why."""
    edges = sorted(_edges(records))
    gone = Groups()
    for edge in edges:
        if not any(_lives(claim, records) for claim in edge):
            gone.unite(edge)
    leading: dict[Claim, set[Claim]] = defaultdict(set)  # dead records -> live ones at their ends
    for one, other in edges:
        for dead, live in ((one, other), (other, one)):
            if _lives(live, records) and not _lives(dead, records):
                leading[gone.find(dead)].add(live)
    contested = {
        dead for dead, ends in leading.items() if len({groups.find(live) for live in ends}) > 1
    }
    found: list[Contradiction] = []
    for edge in edges:
        living = [claim for claim in edge if _lives(claim, records)]
        if len(living) == 2:
            found += _unless_settled(edge, f"{_list(edge)} are merged, says the source", groups)
        elif not living or gone.find(_dead_end(edge, living)) not in contested:
            groups.unite(edge)
    for dead in sorted(contested):
        for pair in combinations(sorted(leading[dead]), 2):
            text = f"{_list(pair)} both have {_list([dead])} merged into them, says the source"
            found += _unless_settled(pair, text, groups)
    return found


def described(fact: ClaimFacts) -> str:
    """A record as a person tells it from another of its source."""
    facts = [repr(fact.name), f"born {fact.birth_date}" if fact.birth_date else None, fact.gender]
    return f"{spelled(fact.claim)} is {', '.join(filter(None, facts))}"


def _edges(records: Mapping[Claim, ClaimFacts]) -> Iterator[_Edge]:
    for claim, fact in records.items():
        for number in fact.same_as:
            other = (claim[0], number)
            if other != claim:
                yield min(claim, other), max(claim, other)


def _lives(claim: Claim, records: Mapping[Claim, ClaimFacts]) -> bool:
    return claim in records and records[claim].live


def _dead_end(edge: _Edge, living: list[Claim]) -> Claim:
    return next(claim for claim in edge if claim not in living)


def _unless_settled(pair: _Edge, text: str, groups: Groups) -> Iterator[Contradiction]:
    """Nothing where a person decided about the pair."""
    if groups.find(pair[0]) != groups.find(pair[1]) and groups.apart(*pair) is None:
        yield Contradiction(pair, text)


def _list(claims: Iterable[Claim]) -> str:
    return " and ".join(map(spelled, claims))
