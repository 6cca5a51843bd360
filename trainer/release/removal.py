"""Old releases make room: never the current one, nor one that somebody or something still needs."""

from __future__ import annotations

import shutil
from collections.abc import Collection

from trainer.release.files import current_id, release_dirs
from trainer.staging.atomic import fsync_path
from trainer.staging.paths import DataDir

_GONE = ".removed-"
STAGED = ".rollback-"  # a release that a rollback is making


def surplus(data: DataDir, keep: int, needed: Collection[str]) -> list[str]:
    """Ids of the releases beyond the newest `keep`, oldest first, without `needed` ones."""
    ids = [path.name for path in release_dirs(data)]
    return [name for name in ids[: max(0, len(ids) - keep)] if name not in needed] if keep else []


def remove(data: DataDir, version_id: str) -> None:
    """Take a release out of sight, then delete it; a kill in between leaves work for `sweep`."""
    if version_id == current_id(data):
        raise ValueError(f"{version_id} is the current release")
    data.performers_link(version_id).unlink(missing_ok=True)
    data.release(version_id).rename(data.releases / f"{_GONE}{version_id}")
    fsync_path(data.releases)
    sweep(data)


def sweep(data: DataDir) -> None:
    """Delete what was taken out of sight and not deleted, and what a killed rollback left."""
    for pattern in (f"{_GONE}*", f"{STAGED}*"):
        for path in data.releases.glob(pattern):
            shutil.rmtree(path)
