"""The version of state.db that this trainer writes. docs/upgrades.md says what each brought."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from trainer.errors import StageFailed

STATE_VERSION = 5


def refuse_newer(db: sqlite3.Connection, path: Path) -> None:
    """Raise `StageFailed` for a database of a newer trainer: this one could read it wrongly."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > STATE_VERSION:
        raise StageFailed(
            f"{path} was written by a newer trainer (version {version}, this one knows "
            f"{STATE_VERSION}); update the trainer, or restore the backup of before its upgrade "
            "(docs/upgrades.md)"
        )
