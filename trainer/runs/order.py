"""Runs by when they began, without reading what else their records say."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from trainer.staging.atomic import read_json
from trainer.staging.clock import iso, now
from trainer.staging.paths import DataDir


def newest_first(data: DataDir) -> list[str]:
    """Run ids, newest first; those whose record can't be read last. One of the future (the clock
    was ahead) is not the newest until then."""
    today = iso(now() + timedelta(days=1))
    found = []
    for path in data.runs.glob("*/run.json"):
        started = _started(path)
        found.append((started <= today, started, path.parent.name))
    return [run_id for _, _, run_id in sorted(found, reverse=True)]


def _started(path: Path) -> str:
    try:
        entry = path.stat()
    except OSError:
        return ""
    return _read_started(path, entry.st_mtime_ns, entry.st_size, entry.st_ino)


@lru_cache(maxsize=10_000)
def _read_started(path: Path, _modified: int, _size: int, _inode: int) -> str:
    try:
        started = read_json(path).get("started_at")
    except (OSError, ValueError, AttributeError):
        return ""
    return started if isinstance(started, str) else ""
