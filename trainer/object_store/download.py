"""Objects become files: each under a temporary name, checked by its hash, then renamed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from trainer.errors import DamagedFileError
from trainer.object_store.database import STATE, forget_wal
from trainer.object_store.local import PLACEHOLDER
from trainer.object_store.names import object_name
from trainer.object_store.store import Store
from trainer.object_store.tree import Entry
from trainer.staging.atomic import TEMPORARY, fsync_path, sha256_file, swap_symlink

THREADS = 16  # requests at a time


def download(store: Store, root: Path, entries: Mapping[str, Entry]) -> None:
    """Write the files and symlinks of `entries` below `root`; raises `DamagedFileError` naming the
    path whose object is gone or is not what its name says."""
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(lambda item: _write(store, root, *item), entries.items()):
            pass


def make_placeholder(path: Path, entry: Entry) -> None:
    """Write a file of the size and time, without bytes, that nobody may read, in place of what is
    there. Its folder has to be there."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PLACEHOLDER)
    try:
        os.ftruncate(handle, entry.size)
        os.utime(handle, (entry.when, entry.when))
    finally:
        os.close(handle)


def damaged(store: Store, path: str, name: str, problem: str) -> DamagedFileError:
    """Return the error of an object that does not hold what it should."""
    return DamagedFileError(
        f"{path}: its object {store.url}/{name} is {problem}; `trainer objects check --mend` "
        "on a machine that has the file puts it again, `trainer objects remove` gives it up"
    )


def _write(store: Store, root: Path, path: str, entry: Entry) -> None:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if entry.sha256 is None:
        assert entry.link is not None
        swap_symlink(target, entry.link)
        return
    temporary = target.with_name(f"{TEMPORARY}{target.name}")
    try:
        _save(store, path, entry.sha256, entry.size, temporary)
        temporary.chmod(entry.mode)
        os.utime(temporary, (entry.when, entry.when))
        fsync_path(temporary)
        if path == STATE:
            forget_wal(target)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _save(store: Store, path: str, sha256: str, size: int, temporary: Path) -> None:
    name = object_name(sha256)
    try:
        store.save(name, size, temporary)
    except FileNotFoundError:
        raise damaged(store, path, name, "gone") from None
    if sha256_file(temporary) != sha256:
        raise damaged(store, path, name, "damaged")
