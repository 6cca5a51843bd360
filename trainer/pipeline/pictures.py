"""Pictures are working data: once their faces are in the cache they are kept for a while only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from trainer.faces.cache import cached_pictures
from trainer.staging.clock import parse_iso
from trainer.staging.paths import DataDir
from trainer.state.store import reading


class Pruned(NamedTuple):
    pictures: int
    bytes: int


def prune_pictures(
    data: DataDir, pack_id: str, keep_days: int, moment: datetime, *, dry_run: bool = False
) -> Pruned:
    """Delete the pictures that the pack `pack_id` has embedded and that were fetched `keep_days`
    and more before `moment`.

    The ledger keeps their hashes, so that they are not fetched again; another pack fetches them
    anew.
    """
    fetched = _last_fetched(data)
    limit = moment - timedelta(days=keep_days)
    count = size = 0
    for sha in sorted(cached_pictures(data.faces(pack_id))):
        path = data.image(sha)
        if not path.exists() or _moment(path, fetched.get(sha)) > limit:
            continue
        count, size = count + 1, size + path.stat().st_size
        if not dry_run:
            path.unlink()
    return Pruned(count, size)


def _moment(path: Path, fetched: str | None) -> datetime:
    """When the picture was fetched; of one that the ledger does not know, when it was written."""
    return parse_iso(fetched) if fetched else datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _last_fetched(data: DataDir) -> dict[str, str]:
    with reading(data.state_db) as db:
        if db is None:
            return {}
        query = (
            "SELECT sha256, max(fetched_at) FROM image_ledger WHERE sha256 IS NOT NULL "
            "GROUP BY sha256"
        )
        return dict(db.execute(query).fetchall())
