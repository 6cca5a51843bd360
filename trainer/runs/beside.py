"""What the embedder that works beside a run's crawls says of itself (`beside.json`)."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict, ValidationError

from trainer.staging.atomic import read_json, write_json
from trainer.staging.clock import parse_iso
from trainer.staging.paths import RunDir

ALIVE = timedelta(seconds=60)  # it says so every few seconds


class Beside(BaseModel):
    """`waiting`: pictures that it knows of and has not embedded. `idle_seconds`: without a picture
    to embed, since it began with the first."""

    model_config = ConfigDict(extra="ignore")

    looked_at: str
    waiting: int = 0
    pictures: int = 0
    batches: int = 0
    busy_seconds: float = 0.0
    idle_seconds: float = 0.0

    def is_alive(self, moment: datetime) -> bool:
        """Did it say something lately?"""
        return moment - parse_iso(self.looked_at) < ALIVE

    @property
    def idle_percent(self) -> int:
        """The share of its time in which it had nothing to embed, in per cent."""
        whole = self.busy_seconds + self.idle_seconds
        return round(100 * self.idle_seconds / whole) if whole else 0


def read_beside(run: RunDir) -> Beside | None:
    """Return what it said last; None where there is none, or nothing that can be read."""
    try:
        return Beside.model_validate(read_json(run.beside)) if run.beside.exists() else None
    except (OSError, ValueError, ValidationError):
        return None


def write_beside(run: RunDir, state: Beside) -> None:
    """Write `beside.json`."""
    write_json(run.beside, state.model_dump())
