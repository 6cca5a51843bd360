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
    """A review a performer whose live records were taken apart, though no person said so."""
    before: dict[int, list[ClaimFacts]] = defaultdict(list)
    for fact in facts:
        if fact.live and fact.claim in known.claims:
            before[known.current(known.claims[fact.claim])].append(fact)
    splits = [decision for decision in decided if decision.action == "split"]
    reviews = []
    for number, own in sorted(before.items()):
        now = sorted({performer_of[fact.claim] for fact in own})
        claims = sorted(fact.claim for fact in own)
        if len(now) > 1 and not any(decision.concerns(claims) for decision in splits):
            listed = ", ".join(f"{spelled(c)} (now {performer_of[c]})" for c in claims)
            text = (
                f"the records of performer {number} cannot be one person any more, so they were "
                f"taken apart: {listed}"
            )
            reviews.append(
                Review(
                    kind="taken_apart",
                    source=claims[0][0],
                    url="",
                    performers=tuple(now),
                    text=text,
                )
            )
    return reviews
