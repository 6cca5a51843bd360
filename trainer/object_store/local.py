"""The local DATA_DIR beside a tree: what lies there, by which hash, and whether it changed."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from trainer.errors import DamagedFileError
from trainer.object_store.database import STATE, copy_database
from trainer.object_store.files import Signature, files_below, link_target, signature
from trainer.object_store.patterns import Patterns, is_local
from trainer.object_store.tree import Entry
from trainer.staging.atomic import read_json, sha256_file, write_json
from trainer.staging.lock import short_lock

FOLDER = ".object_store"  # in DATA_DIR: what is known of its files; never pushed
PLACEHOLDER = 0o000  # the mode of a file that has its size and no bytes: nothing else has it

Known = tuple[Signature, str]
_INDEX = "index.json"


@dataclass
class Local:
    """A DATA_DIR; `known`: the hash that a file had when its size, time and inode were these."""

    root: Path
    known: dict[str, Known] = field(default_factory=dict)
    _noted: dict[str, Known | None] = field(default_factory=dict)

    @classmethod
    def open(cls, root: Path) -> Local:
        """Return the DATA_DIR with what was noted of it; without notes everything is hashed."""
        return cls(root, _read_index(root))

    def save(self) -> None:
        """Add what this process noted to what others did. Call it under `busy`."""
        found = _read_index(self.root)
        for path, known in self._noted.items():
            if known is None:
                found.pop(path, None)
            else:
                found[path] = known
        write_json(self.root / FOLDER / _INDEX, found, indent=None)
        self._noted.clear()

    def busy(self) -> AbstractContextManager[None]:
        """Hold DATA_DIR for bringing or pushing: tasks of one machine work side by side."""
        return short_lock(self.root / FOLDER / "busy.lock")

    def entry(self, path: str) -> Entry | None:
        """Return what lies at `path`, hashed where it is not known; None for nothing."""
        full = self.root / path
        link = link_target(self.root, full)
        if link is not None:
            return Entry(None, link=link)
        try:
            found = full.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        sha256 = self.clean(path) or self._hash(path)
        return Entry(sha256, found.st_size, stat.S_IMODE(found.st_mode), int(found.st_mtime))

    def clean(self, path: str) -> str | None:
        """Return the hash of a file that has not changed since it was noted; None for others."""
        noted = self.known.get(path)
        return noted[1] if noted and noted[0] == signature(self.root, path) else None

    def note(self, path: str, sha256: str | None) -> None:
        """Remember what a file's bytes are; of a symlink that it is there."""
        found = signature(self.root, path)
        if found is not None:
            self.note_as(path, found, sha256 or "")

    def note_as(self, path: str, found: Signature, sha256: str) -> None:
        """Remember what a file's bytes were when it looked like this."""
        self.known[path] = self._noted[path] = (found, sha256)

    def forget(self, path: str) -> None:
        """Remember nothing of a path."""
        self.known.pop(path, None)
        self._noted[path] = None

    def is_placeholder(self, path: str) -> bool:
        """Is it a file without bytes, which only says that there is one?"""
        try:
            found = os.lstat(f"{self.root}/{path}")
        except (FileNotFoundError, NotADirectoryError):
            return False
        return stat.S_ISREG(found.st_mode) and stat.S_IMODE(found.st_mode) == PLACEHOLDER

    def walk(self, patterns: Patterns) -> Iterator[str]:
        """Yield every path that matches and may be pushed, placeholders included."""
        for root in patterns.roots():
            start = self.root if root == "." else self.root / root
            for path in files_below(self.root, start):
                if path in patterns and not is_local(path):
                    yield path

    def _hash(self, path: str) -> str:
        if path != STATE:
            return sha256_file(self.root / path)
        with TemporaryDirectory(prefix="state-") as scratch:
            return sha256_file(copy_database(self.root / path, Path(scratch) / "copy"))


def _read_index(root: Path) -> dict[str, Known]:
    found: dict[str, tuple[list[int], str]] = {}
    with suppress(FileNotFoundError, DamagedFileError):
        found = read_json(root / FOLDER / _INDEX)
    return {path: (tuple(sign), sha) for path, (sign, sha) in found.items()}
