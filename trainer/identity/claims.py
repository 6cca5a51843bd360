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
    """Can both fuzzy dates be of one day? A missing one agrees with any."""
    if not one or not other:
        return True
    return one.startswith(other) or other.startswith(one)


def dates_near(one: str | None, other: str | None) -> bool:
    """Two full dates that one slip of the keyboard makes of each other: a digit, two neighbours
    that changed places, or day and month."""
    if not one or not other or len(one) != 10 or len(other) != 10:
        return False
    differ = [i for i in range(10) if one[i] != other[i]]
    swapped = (
        len(differ) == 2
        and one[differ[0]] == other[differ[1]]
        and (one[differ[1]] == other[differ[0]])
    )
    turned = one[:5] + one[8:] + "-" + one[5:7] == other
    return len(differ) <= 1 or swapped or turned
