"""One build a DATA_DIR at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trainer.errors import StageFailed


@contextmanager
def build_lock(path: Path) -> Iterator[None]:
    """Hold an exclusive lock; the kernel releases it when the process dies, however it dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StageFailed(f"another build is running in {path.parent}; wait for it") from None
        yield
    finally:
        os.close(handle)
