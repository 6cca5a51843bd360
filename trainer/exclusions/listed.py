"""What packages are searched for."""

from __future__ import annotations

from dataclasses import dataclass

from trainer.state.store import Claim


@dataclass(frozen=True)
class Listed:
    """Excluded records and pictures (by sha256)."""

    claims: frozenset[Claim]
    images: frozenset[str]
