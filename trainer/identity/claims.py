"""What identity needs to know of one record, and of one person."""

from __future__ import annotations

from dataclasses import dataclass

from trainer.identity.links import SiteLink
from trainer.state.store import Claim


@dataclass(frozen=True)
class ClaimFacts:
    """A record of a source that creates performers. `merged_*` are ids of the same source."""

    claim: Claim
    merged_ids: tuple[str, ...] = ()
    merged_into: str | None = None
    live: bool = True
    name: str = ""
    birth_date: str | None = None  # fuzzy: YYYY, YYYY-MM or YYYY-MM-DD
    gender: str | None = None
    links: tuple[SiteLink, ...] = ()

    @property
    def same_as(self) -> tuple[str, ...]:
        """Ids of the same source that are this person, says the source."""
        return (*self.merged_ids, *((self.merged_into,) if self.merged_into else ()))


@dataclass(frozen=True)
class Join:
    """Records that `evidence` shows to be one person."""

    claims: tuple[Claim, ...]
    evidence: str


def spelled(claim: Claim) -> str:
    """`source:id`, as people read it."""
    return f"{claim[0]}:{claim[1]}"


def dates_agree(one: str | None, other: str | None) -> bool:
    """Can both fuzzy dates be of one day? A missing one agrees with any."""
    if not one or not other:
        return True
    return one.startswith(other) or other.startswith(one)
