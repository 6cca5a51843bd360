"""One strong link, two performers: shown to a person, whichever of them keeps it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from trainer.identity.claims import ClaimFacts, spelled
from trainer.identity.evidence_items import link_owners
from trainer.identity.reviews import Review
from trainer.state.store import Claim


def link_reviews(
    facts: Iterable[ClaimFacts],
    performer_of: Mapping[Claim, int],
    shown: Collection[str],
    pages: Collection[Claim],
) -> list[Review]:
    """A review a link that live records of several performers have.

    Not those whose address is in `shown` already, and no reference `pages`: attaching shows them.

    The release's `external_urls` has the link once, its `url_conflicts` the other performers.
    """
    reviews = []
    for key, claims in link_owners({fact.claim: fact for fact in facts}).items():
        numbers = sorted({performer_of[claim] for claim in claims})
        url = min(claims.values())
        if len(numbers) > 1 and url not in shown and key not in pages:
            owners = sorted(claims)
            listed = ", ".join(f"{spelled(c)} (performer {performer_of[c]})" for c in owners)
            text = f"several performers have this link: {listed}"
            reviews.append(
                Review(
                    kind="link_of_two",
                    source=min(claims)[0],
                    url=url,
                    performers=tuple(numbers),
                    text=text,
                )
            )
    return reviews
