"""Merges that a source made itself, and what contradicts them.

Two records of one source that both live are two people, whatever the source says of merges: only a
person joins them. A dead record that leads to two live ones stays with neither.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
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
    """Unite in `groups` what sources merged; return the merges that were not made.

    `groups` already holds what people decided.
    """
    edges = sorted(_edges(records))
    dead = _dead_groups(edges, records)
    ends = _live_ends(edges, records, dead)
    contested = {
        root: live for root, live in ends.items() if len({groups.find(claim) for claim in live}) > 1
    }
    found = list(_unite_edges(edges, records, groups, dead, contested))
    return [*found, *_contested_merges(contested, groups)]


def described(fact: ClaimFacts) -> str:
    """Return what tells a record from another of its source: name, birth date, gender."""
    facts = [repr(fact.name), f"born {fact.birth_date}" if fact.birth_date else None, fact.gender]
    return f"{spelled(fact.claim)} is {', '.join(filter(None, facts))}"


def _dead_groups(edges: Iterable[_Edge], records: Mapping[Claim, ClaimFacts]) -> Groups:
    """Return the dead records, those merged with each other in one set."""
    dead = Groups()
    for edge in edges:
        if not any(_lives(claim, records) for claim in edge):
            dead.unite(edge)
    return dead


def _live_ends(
    edges: Iterable[_Edge], records: Mapping[Claim, ClaimFacts], dead: Groups
) -> dict[Claim, set[Claim]]:
    """Return the live records that each set of dead ones (by its root) was merged with."""
    found: dict[Claim, set[Claim]] = defaultdict(set)
    for edge in edges:
        for gone, live in (edge, edge[::-1]):
            if _lives(live, records) and not _lives(gone, records):
                found[dead.find(gone)].add(live)
    return found


def _unite_edges(
    edges: Iterable[_Edge],
    records: Mapping[Claim, ClaimFacts],
    groups: Groups,
    dead: Groups,
    contested: Container[Claim],
) -> Iterator[Contradiction]:
    """Unite edge by edge, but for pairs of live records and for contested dead ones."""
    for edge in edges:
        living = [claim for claim in edge if _lives(claim, records)]
        if len(living) == 2:
            yield from _unless_settled(edge, f"{_list(edge)} are merged, says the source", groups)
        elif not living or dead.find(_dead_end(edge, living)) not in contested:
            groups.unite(edge)


def _contested_merges(
    contested: Mapping[Claim, set[Claim]], groups: Groups
) -> Iterator[Contradiction]:
    """Yield each pair of live records that have the same dead one merged into them."""
    for dead, live in sorted(contested.items()):
        for pair in combinations(sorted(live), 2):
            text = f"{_list(pair)} both have {_list([dead])} merged into them, says the source"
            yield from _unless_settled(pair, text, groups)


def _edges(records: Mapping[Claim, ClaimFacts]) -> Iterator[_Edge]:
    for claim, fact in records.items():
        for number in fact.same_as:
            merged = (claim[0], number)
            if merged != claim:
                yield min(claim, merged), max(claim, merged)


def _lives(claim: Claim, records: Mapping[Claim, ClaimFacts]) -> bool:
    return claim in records and records[claim].live


def _dead_end(edge: _Edge, living: list[Claim]) -> Claim:
    return next(claim for claim in edge if claim not in living)


def _unless_settled(pair: _Edge, text: str, groups: Groups) -> Iterator[Contradiction]:
    """Yield a contradiction, unless the pair is united or a person decided about it."""
    if groups.find(pair[0]) != groups.find(pair[1]) and groups.apart(*pair) is None:
        yield Contradiction(pair, text)


def _list(claims: Iterable[Claim]) -> str:
    return " and ".join(map(spelled, claims))
