"""Which tasks work in a DATA_DIR: each holds the lock of its marker, and a killed one leaves it."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from trainer.errors import DamagedFileError
from trainer.object_store.local import FOLDER
from trainer.object_store.patterns import Patterns
from trainer.staging.atomic import read_json, write_json


class Scope(NamedTuple):
    """Where a task writes: alone, under names of its own, and JSON that others edit, too."""

    writes: Patterns = Patterns()
    adds: Patterns = Patterns()
    edits: Patterns = Patterns()

    @property
    def everything(self) -> Patterns:
        """All of it."""
        return self.writes | self.adds | self.edits


class Marker(NamedTuple):
    """A task, the tree that it began with, and where it writes."""

    task: str
    tree: str
    scope: Scope
    path: Path


def markers(root: Path, own: Path | None = None) -> tuple[list[Marker], list[Marker]]:
    """Return the tasks at work, and those that were killed; what lies at `own`, whose lock the
    caller holds, is of a killed try."""
    live: list[Marker] = []
    killed: list[Marker] = []
    for path in sorted((root / FOLDER).glob("task-*.json")):
        try:
            found = read_json(path)
            marker = Marker(
                str(found["task"]),
                str(found["tree"]),
                Scope(*(Patterns(found[name]) for name in Scope._fields)),
                path,
            )
        except (FileNotFoundError, DamagedFileError, KeyError):
            continue  # it has just ended, or its machine lost power: its files are looked at
        at_work = path != own and _is_held(_lock_of(path))
        (live if at_work else killed).append(marker)
    return live, killed


@contextmanager
def marked(root: Path, task: str) -> Iterator[Path]:
    """Hold the task's lock while it works; yield where its marker is to be written."""
    digest = hashlib.sha256(task.encode()).hexdigest()[:16]
    path = root / FOLDER / f"task-{digest}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(_lock_of(path), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield path
    finally:
        os.close(handle)


def write_marker(path: Path, task: str, tree: str, scope: Scope) -> None:
    """Write it, before the task changes anything."""
    texts = {name: list(patterns.texts) for name, patterns in scope._asdict().items()}
    write_json(path, {"task": task, "tree": tree, **texts})


def _lock_of(path: Path) -> Path:
    return path.with_suffix(".lock")


def _is_held(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
