"""Refuses to begin a new state.db, or to go on with one of before, where releases are published:
ids would be given out anew, and excluded people would come back."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from trainer.errors import StageFailed
from trainer.state.errors import state_error
from trainer.state.read_only import read_only
from trainer.state.version import refuse_newer

_RELEASE = "[0-9]" * 8 + "_" + "[0-9]" * 6
_RESTORE = (
    "restore it with `trainer restore`; without a backup, `trainer state rebuild` takes the ids "
    "from the newest release"
)


def newest_release(state_db: Path) -> str | None:
    """Return the id of the newest release beside `state_db`; None where there is none."""
    found = [path.name for path in (state_db.parent / "releases").glob(_RELEASE) if path.is_dir()]
    return max(found, default=None)


def refuse_new_state(state_db: Path) -> None:
    """Raise `StageFailed` where `state_db` is missing or empty although releases are there."""
    newest = newest_release(state_db)
    if newest is not None and not _has_content(state_db):
        raise StageFailed(
            f"{state_db} is missing or empty, but release {newest} was published from it: ids "
            f"would be given out anew and excluded people would come back; {_RESTORE}"
        )


def require_state_of_releases(state_db: Path) -> None:
    """Raise `StageFailed` where `state_db` is missing, is of a newer trainer, or does not know the
    newest release."""
    refuse_new_state(state_db)
    newest = newest_release(state_db)
    known = _published(state_db) if _has_content(state_db) else set()
    if newest is not None and newest not in known:
        raise StageFailed(
            f"{state_db} does not know release {newest}, so it is older than the release or of "
            f"another DATA_DIR, and its next ids are taken already; {_RESTORE}"
        )


def _has_content(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _published(state_db: Path) -> set[str]:
    try:
        with read_only(state_db) as db:
            refuse_newer(db, state_db)
            tables = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'published'").fetchone()
            rows = db.execute("SELECT version_id FROM published").fetchall() if tables else []
            return {row[0] for row in rows}
    except sqlite3.DatabaseError as error:
        raise state_error(state_db, error) from error
