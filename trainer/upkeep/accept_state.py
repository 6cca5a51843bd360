"""A state.db that somebody changed by hand, as it is now: nothing is repaired by this."""

from __future__ import annotations

from trainer.errors import StageFailed
from trainer.staging.lock import build_lock
from trainer.staging.paths import DataDir
from trainer.state.seal import changed_tables, seal_all, transaction
from trainer.state.store import writing


def accept_state(data: DataDir) -> list[str]:
    """Give all tables new checksums; return those that had changed. Raises `Busy` while a build
    runs, and `StageFailed` where there is no state.db."""
    if not data.state_db.exists():
        raise StageFailed(f"{data.state_db} is not there; `trainer restore` puts it back")
    with build_lock(data.lock), writing(data.state_db) as db:
        changed = changed_tables(db)
        with transaction(db):
            seal_all(db)
    return changed
