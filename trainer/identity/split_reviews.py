"""Records that had one id until this run: shown to a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from trainer.identity.claims import ClaimFacts, spelled
from trainer.identity.decisions import Decision
from trainer.identity.reviews import Review
from trainer.state.store import Claim, KnownIdentities


def split_reviews(
    facts: Iterable[ClaimFacts],
    known: KnownIdentities,
    performer_of: Mapping[Claim, int],
    decided: Sequence[Decision],
) -> list[Review]:
    """Return one review per performer whose live records were split, though no person said so."""
    splits = [decision for decision in decided if decision.action == "split"]
    return [
        _review(number, claims, performer_of)
        for number, claims in sorted(_live_claims_by_id(facts, known).items())
        if len({performer_of[claim] for claim in claims}) > 1
        and not any(decision.concerns(claims) for decision in splits)
    ]


def _live_claims_by_id(
    facts: Iterable[ClaimFacts], known: KnownIdentities
) -> dict[int, list[Claim]]:
    """Return the live records, sorted, by the performer id that they had before this run."""
    found: dict[int, list[Claim]] = defaultdict(list)
    for fact in facts:
        if fact.live and fact.claim in known.claims:
            found[known.current(known.claims[fact.claim])].append(fact.claim)
    return {number: sorted(claims) for number, claims in found.items()}


def _review(number: int, claims: Sequence[Claim], performer_of: Mapping[Claim, int]) -> Review:
    listed = ", ".join(f"{spelled(c)} (now {performer_of[c]})" for c in claims)
    return Review(
        kind="taken_apart",
        source=claims[0][0],
        url="",
        performers=tuple(sorted({performer_of[claim] for claim in claims})),
        text=(
            f"the records of performer {number} cannot be one person any more, so they were "
            f"taken apart: {listed}"
        ),
    )
