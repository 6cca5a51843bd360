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
    Conflict,
    EvidenceItem,
    EvidenceKind,
    Records,
    cross_links,
    shared_links,
)
from trainer.identity.groups import Groups
from trainer.identity.profiles import Profiles
from trainer.identity.reviews import Kind
from trainer.identity.settled import settle
from trainer.identity.similarity import FaceSimilarity, near_pairs, with_faces
from trainer.identity.source_merges import Contradiction, described
from trainer.state.store import Claim, KnownIdentities

_CONTRADICTED: dict[EvidenceKind, Kind] = {
    "cross_link": "cross_link_contradicted",
    "shared_link": "shared_link_contradicted",
    "same_name": "same_facts_contradicted",
    "same_alias": "same_facts_contradicted",
}
_TOGETHER: dict[EvidenceKind, Kind] = {
    "cross_link": "links_contradict_each_other",
    "shared_link": "links_contradict_each_other",
    "same_name": "same_facts_ambiguous",
    "same_alias": "same_facts_ambiguous",
}


def find_joins(
    facts: Iterable[ClaimFacts],
    known: KnownIdentities,
    decided: Sequence[Decision] = (),
    faces: Callable[[set[Claim]], FaceSimilarity] | None = None,
) -> tuple[list[Join], list[Conflict]]:
    """Joins to make and conflicts to show, both sorted. The order of `facts` changes nothing.

    `faces` is asked once for the similarity of the faces of all records that are in question.
    """
    records = {fact.claim: fact for fact in facts}
    settled = settle(records, known, decided)
    groups = settled.groups
    merges = [_contradicted(found, records) for found in settled.contradictions]
    links = [sorted(cross_links(records)), sorted(shared_links(records))]
    near = sorted(near_pairs(records))
    face_similarity = faces(_in_question([*links, near], groups)) if faces else None
    tiers = [*links, *_tiers(near, face_similarity)]
    joins: list[Join] = []
    while True:  # a join can settle which of two other links is the wrong one
        conflicts = list(merges)
        before = len(joins)
        for evidence_items in tiers:
            accepted, refused = _decide(evidence_items, groups, records, face_similarity)
            conflicts += refused
            for item in accepted:
                joins.append(Join(item.claims, item.evidence))
                groups.unite(item.claims)
        if len(joins) == before:
            return sorted(joins, key=lambda join: (join.claims, join.evidence)), sorted(conflicts)


def _contradicted(found: Contradiction, records: Records) -> Conflict:
    problem = " and ".join(described(records[claim]) for claim in found.claims)
    item = EvidenceItem(found.claims, "source_merge", found.text, "")
    return Conflict(item, f"both live: {problem}", "source_merge_contradicted")


def _in_question(tiers: list[list[EvidenceItem]], groups: Groups) -> set[Claim]:
    return {
        claim
        for evidence_items in tiers
        for item in evidence_items
        if len({groups.find(claim) for claim in item.claims}) > 1
        for claim in item.claims
    }


def _tiers(near: list[EvidenceItem], faces: FaceSimilarity | None) -> list[list[EvidenceItem]]:
    weighed = [with_faces(item, faces) for item in near]
    enough = [item for item in weighed if item.weight >= ENOUGH]
    kinds: tuple[EvidenceKind, ...] = ("same_name", "same_alias")
    return [[item for item in enough if item.kind == kind] for kind in kinds]


def _decide(
    evidence_items: list[EvidenceItem],
    groups: Groups,
    records: Records,
    faces: FaceSimilarity | None,
) -> tuple[list[EvidenceItem], list[Conflict]]:
    """Evidence without a contradiction, alone and together with the others that they meet.

    What a person decided to keep apart is no conflict any more.
    """
    open_items = [
        (item, roots)
        for item in evidence_items
        if len(roots := sorted({groups.find(claim) for claim in item.claims})) > 1
        and all(groups.apart(roots[0], root) is None for root in roots)
    ]
    if not open_items:
        return [], []
    profiles = Profiles(groups, records, faces)
    conflicts = []
    sound = []
    for item, roots in open_items:
        problem = profiles.problem(roots) or _too_little(item)
        if problem:
            conflicts.append(Conflict(item, problem, _CONTRADICTED[item.kind]))
        else:
            sound.append(item)
    accepted, refused = _together(sound, groups, profiles)
    return accepted, conflicts + refused


def _too_little(item: EvidenceItem) -> str | None:
    return None if item.weight >= ENOUGH else "their names do not agree"


def _together(
    sound: list[EvidenceItem], groups: Groups, profiles: Profiles
) -> tuple[list[EvidenceItem], list[Conflict]]:
    """Clues that are sound alone: do those that hang together contradict each other?"""
    together = groups.copy()
    for item in sound:
        together.unite(item.claims, though_both_live=True)
    meeting: dict[Claim, set[Claim]] = defaultdict(set)
    for item in sound:
        for claim in item.claims:
            meeting[together.find(claim)].add(groups.find(claim))
    broken = {  # two that meet were found sound already
        root: profiles.problem(sorted(roots)) if len(roots) > 2 else None
        for root, roots in meeting.items()
    }
    accepted, conflicts = [], []
    for item in sound:
        against = broken[together.find(item.claims[0])]
        if against:
            conflicts.append(Conflict(item, against, _TOGETHER[item.kind]))
        else:
            accepted.append(item)
    return accepted, conflicts
