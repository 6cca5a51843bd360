"""Upkeep of a DATA_DIR that is kept on an object store."""

from __future__ import annotations

from datetime import datetime

from trainer.config.settings import Settings
from trainer.object_store.garbage import collect_garbage
from trainer.object_store.open_store import open_store


def tidy_objects(settings: Settings, moment: datetime) -> dict[str, int]:
    """Delete objects that no commit needs any more; return how many, by what they are. Nothing
    without an object store."""
    store = open_store(settings)
    return {} if store is None else {"objects without a commit": collect_garbage(store, moment)}
