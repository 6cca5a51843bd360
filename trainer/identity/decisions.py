"""Merges and splits that people decided: sets of records that are one person, and that are not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from trainer.identity.claims import spelled
from trainer.staging.paths import DataDir
from trainer.state.decisions import read_decisions
from trainer.state.store import Claim

Action = Literal["merge", "split"]
Side = frozenset[Claim]


@dataclass(frozen=True)
class Decision:
    """`sides`: the records of both; of a split the second one keeps the performer's id."""

    number: int
    action: Action
    sides: tuple[Side, Side]
    reason: str = ""
    decided_at: str = ""
    undone_at: str | None = None

    def text(self) -> str:
        """As evidence that a person can read."""
        left, right = (", ".join(map(spelled, sorted(side))) for side in self.sides)
        says = "are one person" if self.action == "merge" else "are not one person"
        why = f": {self.reason}" if self.reason else ""
        return f"decision {self.number}: {left} and {right} {says}{why}"

    def concerns(self, claims: Iterable[Claim]) -> bool:
        """Is any of `claims` on a side of the decision?"""
        return any(claim in side for claim in claims for side in self.sides)


def read_identity_decisions(data: DataDir, *, undone: bool = False) -> list[Decision]:
    """Decisions in force, oldest first; with `undone` also those that were taken back."""
    rows = read_decisions(
        data,
        "SELECT id, action, claims, reason, decided_at, undone_at FROM identity_decisions "
        "WHERE ? OR undone_at IS NULL ORDER BY id",
        (undone,),
    )
    return [
        Decision(number, action, _sides(claims), reason, decided_at, undone_at)
        for number, action, claims, reason, decided_at, undone_at in rows
    ]


def as_text(sides: tuple[Side, Side]) -> str:
    """`sides` as state.db keeps them."""
    return json.dumps([sorted(map(list, side)) for side in sides])


def _sides(text: str) -> tuple[Side, Side]:
    left, right = (
        frozenset((source, number) for source, number in side) for side in json.loads(text)
    )
    return left, right
