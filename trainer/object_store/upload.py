"""Files become objects: under the hash of their bytes, so that none is ever changed."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from trainer.errors import RetryLater
from trainer.object_store.database import STATE, copy_database
from trainer.object_store.download import THREADS
from trainer.object_store.files import signature
from trainer.object_store.local import Local
from trainer.object_store.names import object_name
from trainer.object_store.store import Store
from trainer.object_store.tree import Entry, sha256_of
from trainer.staging.atomic import sha256_file

GRACE = timedelta(days=7)  # objects that nothing refers to are kept for so long; no push takes it
_TRIES = 3


def upload(store: Store, local: Local, paths: Iterable[str]) -> dict[str, Entry]:
    """Put each path's bytes; return the entries. A file that is being written is read again;
    raises `RetryLater` where that does not end."""
    with ThreadPoolExecutor(THREADS) as pool:
        given = list(paths)
        return dict(zip(given, pool.map(lambda p: _upload(store, local, p), given), strict=True))


def put_object(store: Store, sha256: str, size: int, content: bytes | Path) -> None:
    """Put an object unless it is there. One that is old is put again: as nothing may refer to it
    yet, it could be deleted before the commit does."""
    name = object_name(sha256)
    found = store.look(name)
    fresh = found and datetime.now(UTC) - found.modified < GRACE / 2
    if not (found and fresh and found.size == size):
        store.write(name, content)


def put_bytes(store: Store, content: bytes) -> str:
    """Put bytes as an object; return their sha256."""
    sha256 = sha256_of(content)
    put_object(store, sha256, len(content), content)
    return sha256


def _upload(store: Store, local: Local, path: str) -> Entry:
    full = local.root / path
    for _ in range(_TRIES):
        before = signature(local.root, path)
        entry = local.entry(path)
        if entry is None:
            break
        if entry.sha256 is None:
            local.note(path, None)
            return entry
        if path == STATE:
            return _upload_database(store, local, full, entry)
        put_object(store, entry.sha256, entry.size, full)
        if signature(local.root, path) == before:
            local.note(path, entry.sha256)
            return entry
        local.forget(path)
    raise RetryLater(f"{full} is being written while it is pushed; wait until nothing works there")


def _upload_database(store: Store, local: Local, full: Path, entry: Entry) -> Entry:
    with TemporaryDirectory(prefix="state-") as scratch:
        before = signature(local.root, STATE)
        copy = copy_database(full, Path(scratch) / "copy")
        sha256, size = sha256_file(copy), copy.stat().st_size
        put_object(store, sha256, size, copy)
        if before is not None:
            local.note_as(STATE, before, sha256)
    return entry._replace(sha256=sha256, size=size)
