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
    aliases: tuple[str, ...] = ()
    country: str | None = None
    ethnicity: str | None = None
    height_cm: int | None = None
    eye_color: str | None = None
    career_start_year: int | None = None

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
    """`source:id`, as people read it."""
    return f"{claim[0]}:{claim[1]}"


def dates_agree(one: str | None, other: str | None) -> bool:
    """Can both fuzzy dates be of one day? A missing one agrees with any.

    A first of January stands for its year in many records, a first of a month for the month.
    """
    if not one or not other:
        return True
    if one.startswith(other) or other.startswith(one):
        return True
    return any(_vague(date, unit) for date in (one, other) for unit in _shared(one, other))


def _shared(one: str, other: str) -> list[int]:
    """Lengths of the parts (year, month) that both dates have in common."""
    return [n for n in (4, 7) if len(one) >= n <= len(other) and one[:n] == other[:n]]


def _vague(date: str, unit: int) -> bool:
    return date[unit:] == {4: "-01-01", 7: "-01"}[unit]
