"""Records of the same person as an excluded record, by links, while that record is still here."""

from __future__ import annotations

from collections import defaultdict

from trainer.exclusions.link_keys import named_links
from trainer.identity.claims import ClaimFacts, dates_agree
from trainer.identity.evidence_items import names_agree
from trainer.staging.rows import PerformerRecord
from trainer.state.store import Claim


class RelatedRecords:
    """The excluded person's own records; nothing goes on from those that a link leads to."""

    def __init__(self) -> None:
        self._claims: set[Claim] = set()
        self._by_link: dict[Claim, list[ClaimFacts]] = defaultdict(list)

    def add(self, row: PerformerRecord) -> None:
        """Index an excluded record's links and id, so that `has` finds records related to it."""
        facts = _facts(row)
        self._claims.add(facts.claim)
        for link in named_links(row):
            self._by_link[link].append(facts)

    def __bool__(self) -> bool:
        return bool(self._claims)

    def has(self, row: PerformerRecord) -> bool:
        """Whether links show that the record is of the same person.

        A link to one of the records does by itself; a link that both have, or a record's link to
        this one, only with names that agree: accounts can be a couple's, and friends link each
        other.
        """
        facts, links = _facts(row), named_links(row)
        if any(link in self._claims for link in links if link[0] != facts.claim[0]):
            return True
        return any(
            names_agree(facts, own) and dates_agree(facts.birth_date, own.birth_date)
            for link in (*links, facts.claim)
            for own in self._by_link.get(link, ())
        )


def _facts(row: PerformerRecord) -> ClaimFacts:
    return ClaimFacts(
        claim=(row["source"], row["source_id"]),
        name=row["name"] or "",
        birth_date=row["birth_date"],
        aliases=tuple(row["aliases"] or ()),
    )
