"""What a task changed here is taken back, so that DATA_DIR is the commit that it began with."""

from __future__ import annotations

from trainer.object_store.bring import drop_changes, fetch
from trainer.object_store.session import Session


def undo(session: Session) -> None:
    """Write again what `session` changed or deleted, then delete what it made, and end it.

    Where the store does not answer all stays as it is, for the next task to take back.
    """
    checkout, scope = session.checkout, session.scope.everything
    local = checkout.local
    with local.busy():
        lost = {
            path: entry
            for path, entry in checkout.entries(scope).items()
            if path not in session.lists
            and path not in session.keep
            and local.clean(path) != (entry.sha256 or "")
        }
        fetch(checkout, lost)
        drop_changes(checkout, scope, session.keep)
        local.save()
    session.end()
