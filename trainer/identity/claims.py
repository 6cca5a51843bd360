"""What entity resolution needs to know of a record, and of the joins between records."""

from __future__ import annotations

from dataclasses import dataclass

from trainer.identity.links import SiteLink
from trainer.staging.performer_facts import PerformerFacts
from trainer.state.store import Claim


@dataclass(frozen=True)
class ClaimFacts(PerformerFacts):
    """A record of a source that creates performers. `merged_*` are ids of the same source."""

    claim: Claim
    merged_ids: tuple[str, ...] = ()
    merged_into: str | None = None
    live: bool = True
    name: str = ""
    links: tuple[SiteLink, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def same_as(self) -> tuple[str, ...]:
        """Ids of the same source that are this person, says the source."""
        return (*self.merged_ids, *((self.merged_into,) if self.merged_into else ()))


@dataclass(frozen=True)
class Join:
    """Records that `evidence` shows to be one person: its kinds, weights and reasons in words."""

    claims: tuple[Claim, ...]
    evidence: str


def spelled(claim: Claim) -> str:
    """Return `source:id`, as people read it."""
    return f"{claim[0]}:{claim[1]}"


def dates_agree(left: str | None, right: str | None) -> bool:
    """Whether both fuzzy dates can be of one day. A missing one agrees with any.

    A first of January stands for its year in many records, a first of a month for the month.
    """
    if not left or not right:
        return True
    if left.startswith(right) or right.startswith(left):
        return True
    return any(_vague(date, unit) for date in (left, right) for unit in _shared(left, right))


def _shared(left: str, right: str) -> list[int]:
    """Lengths of the parts (year, month) that both dates have in common."""
    return [n for n in (4, 7) if len(left) >= n <= len(right) and left[:n] == right[:n]]


def _vague(date: str, unit: int) -> bool:
    return date[unit:] == {4: "-01-01", 7: "-01"}[unit]
