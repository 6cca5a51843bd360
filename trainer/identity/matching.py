"""Evidence that records of different sources are one person, weighed against what contradicts it.

Strongest first: links to another source's record, shared strong links, the same name and facts,
an alias and facts. Contradicted evidence joins nobody: it becomes a `Conflict`, which a person has
to look at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from trainer.identity.claims import ClaimFacts, Join
from trainer.identity.decisions import Decision
from trainer.identity.evidence_items import (
    ENOUGH,
    ClueKind,
    Conflict,
    EvidenceItem,
    Records,
    cross_links,
    shared_links,
)
from trainer.identity.groups import Groups
from trainer.identity.profiles import Profiles
from trainer.identity.reviews import Kind
from trainer.identity.settled import settle
from trainer.identity.similarity import Likeness, near_pairs, with_faces
from trainer.identity.source_merges import Contradiction, described
from trainer.state.store import Claim, KnownIdentities

_CONTRADICTED: dict[ClueKind, Kind] = {
    "cross_link": "cross_link_contradicted",
    "shared_link": "shared_link_contradicted",
    "same_name": "same_facts_contradicted",
    "same_alias": "same_facts_contradicted",
}
_TOGETHER: dict[ClueKind, Kind] = {
    "cross_link": "links_contradict_each_other",
    "shared_link": "links_contradict_each_other",
    "same_name": "same_facts_ambiguous",
    "same_alias": "same_facts_ambiguous",
}


def find_joins(
    facts: Iterable[ClaimFacts],
    known: KnownIdentities,
    decided: Sequence[Decision] = (),
    faces: Callable[[set[Claim]], Likeness] | None = None,
) -> tuple[list[Join], list[Conflict]]:
    """Joins to make and conflicts to show, both sorted. The order of `facts` changes nothing.

    `faces` is asked once for the likeness of the faces of all records that are in question.
    """
    records = {fact.claim: fact for fact in facts}
    settled = settle(records, known, decided)
    groups = settled.groups
    merges = [_contradicted(found, records) for found in settled.contradictions]
    links = [sorted(cross_links(records)), sorted(shared_links(records))]
    near = sorted(near_pairs(records))
    likeness = faces(_in_question([*links, near], groups)) if faces else None
    tiers = [*links, *_tiers(near, likeness)]
    joins: list[Join] = []
    while True:  # a join can settle which of two other links is the wrong one
        conflicts = list(merges)
        before = len(joins)
        for clues in tiers:
            accepted, refused = _decide(clues, groups, records, likeness)
            conflicts += refused
            for clue in accepted:
                joins.append(Join(clue.claims, clue.evidence))
                groups.unite(clue.claims)
        if len(joins) == before:
            return sorted(joins, key=lambda join: (join.claims, join.evidence)), sorted(conflicts)


def _contradicted(found: Contradiction, records: Records) -> Conflict:
    problem = " and ".join(described(records[claim]) for claim in found.claims)
    clue = EvidenceItem(found.claims, "source_merge", found.text, "")
    return Conflict(clue, f"both live: {problem}", "source_merge_contradicted")


def _in_question(tiers: list[list[EvidenceItem]], groups: Groups) -> set[Claim]:
    return {
        claim
        for clues in tiers
        for clue in clues
        if len({groups.find(claim) for claim in clue.claims}) > 1
        for claim in clue.claims
    }


def _tiers(near: list[EvidenceItem], faces: Likeness | None) -> list[list[EvidenceItem]]:
    weighed = [with_faces(clue, faces) for clue in near]
    enough = [clue for clue in weighed if clue.weight >= ENOUGH]
    kinds: tuple[ClueKind, ...] = ("same_name", "same_alias")
    return [[clue for clue in enough if clue.kind == kind] for kind in kinds]


def _decide(
    clues: list[EvidenceItem], groups: Groups, records: Records, faces: Likeness | None
) -> tuple[list[EvidenceItem], list[Conflict]]:
    """Clues without a contradiction, alone and together with the others that they meet.

    What a person decided to keep apart is no conflict any more.
    """
    open_clues = [
        (clue, roots)
        for clue in clues
        if len(roots := sorted({groups.find(claim) for claim in clue.claims})) > 1
        and all(groups.apart(roots[0], root) is None for root in roots)
    ]
    if not open_clues:
        return [], []
    profiles = Profiles(groups, records, faces)
    conflicts = []
    sound = []
    for clue, roots in open_clues:
        problem = profiles.problem(roots) or _too_little(clue)
        if problem:
            conflicts.append(Conflict(clue, problem, _CONTRADICTED[clue.kind]))
        else:
            sound.append(clue)
    accepted, refused = _together(sound, groups, profiles)
    return accepted, conflicts + refused


def _too_little(clue: EvidenceItem) -> str | None:
    return None if clue.weight >= ENOUGH else "their names do not agree"


def _together(
    sound: list[EvidenceItem], groups: Groups, profiles: Profiles
) -> tuple[list[EvidenceItem], list[Conflict]]:
    """Clues that are sound alone: do those that hang together contradict each other?"""
    together = groups.copy()
    for clue in sound:
        together.unite(clue.claims, though_both_live=True)
    meeting: dict[Claim, set[Claim]] = defaultdict(set)
    for clue in sound:
        for claim in clue.claims:
            meeting[together.find(claim)].add(groups.find(claim))
    broken = {  # two that meet were found sound already
        root: profiles.problem(sorted(roots)) if len(roots) > 2 else None
        for root, roots in meeting.items()
    }
    accepted, conflicts = [], []
    for clue in sound:
        against = broken[together.find(clue.claims[0])]
        if against:
            conflicts.append(Conflict(clue, against, _TOGETHER[clue.kind]))
        else:
            accepted.append(clue)
    return accepted, conflicts
