"""A DATA_DIR at one commit: what is brought here before a step, and by which rules."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from trainer.errors import StageFailed
from trainer.object_store.commits import Commits, Head
from trainer.object_store.database import STATE, forget_wal
from trainer.object_store.download import THREADS, download, make_placeholder
from trainer.object_store.local import Local
from trainer.object_store.patterns import Patterns
from trainer.object_store.store import Store
from trainer.object_store.tree import Entry, Tree

NOTHING = Patterns()
_SHOWN = 3


@dataclass
class Checkout:
    """`tree` is fixed when it begins; what others commit meanwhile is merged when it is pushed."""

    commits: Commits
    local: Local
    head: Head | None
    tree: Tree
    brought: Patterns = NOTHING  # what was made equal to the tree: missing since means deleted
    _sections: dict[str, dict[str, Entry]] = field(default_factory=dict)
    _based: dict[str, dict[str, Entry]] | None = None

    @classmethod
    def begin(cls, store: Store, root: Path) -> Checkout:
        """Begin at the newest commit."""
        commits = Commits(store)
        head = commits.head()
        tree = commits.tree(head.tree) if head else Tree()
        return cls(commits, Local.open(root), head, tree)

    def section(self, name: str) -> dict[str, Entry]:
        """Return a section of the tree; not to be changed."""
        if self._based is not None:
            return self._based.get(name, {})
        sha256 = self.tree.sections.get(name)
        if sha256 is None:
            return {}
        if sha256 not in self._sections:
            self._sections[sha256] = self.commits.section(sha256)
        return self._sections[sha256]

    def base_on_notes(self, based: dict[str, dict[str, Entry]]) -> None:
        """Compare with these sections in place of the tree's: what lay here when it was noted."""
        self._based = based

    def move_to(self, head: Head) -> None:
        """Go on from a commit that this machine made."""
        self.head, self.tree, self._based = head, self.commits.tree(head.tree), None

    def was_here(self, path: str) -> bool:
        """Did the file lie here, so that it was deleted where it is missing now?"""
        return path in self.brought or path in self.local.known

    def folders(self, name: str) -> list[str]:
        """Return the names of the folders in the folder `name`, one of those with sections."""
        return [s.removeprefix(f"{name}/") for s in self.tree.sections if s.startswith(f"{name}/")]

    def entries(self, patterns: Patterns) -> dict[str, Entry]:
        """Return what the tree has at the paths that match."""
        sections = self.tree.sections if self._based is None else self._based
        names = [name for name in sections if patterns.may_match(name)]
        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(self.section, names))
        return {p: entry for part in found for p, entry in part.items() if p in patterns}

    def bring(self, reads: Patterns, lists: Patterns = NOTHING, keep: Patterns = NOTHING) -> int:
        """Make the local DATA_DIR equal to the tree; return how many files came.

        Of what only `lists` matches, a placeholder without bytes comes. Local changes that were
        not pushed stay at paths of `keep`, and are an error elsewhere.
        """
        wanted = self.entries(reads | lists)
        changed = [p for p, entry in wanted.items() if self._differs(p, entry, reads)]
        changed = [p for p in changed if not (p in keep and self._is_here(p))]
        known = [p for p in self.local.known if p in reads or p in lists]
        gone = [p for p in known if p not in wanted and p not in keep]
        self._require_pushed((*changed, *gone))
        for path in gone:
            self._delete(path)
        fetched = {p: wanted[p] for p in changed if p in reads or wanted[p].link}
        for path in changed:
            if path not in fetched:
                make_placeholder(self.local.root / path, wanted[path])
        self.fetch(fetched)
        self.brought |= reads | lists
        return len(fetched)

    def drop_changes(self, patterns: Patterns, keep: Patterns = NOTHING) -> int:
        """Delete here what differs from the tree and was never pushed, but for paths of `keep`;
        return how many files."""
        wanted = self.entries(patterns)
        dropped = 0
        for path in list(self.local.walk(patterns)):
            entry = wanted.get(path)
            if path in keep:
                continue
            if entry is None or self._differs(path, entry, patterns):
                self._delete(path)
                dropped += 1
        return dropped

    def fetch(self, entries: dict[str, Entry]) -> None:
        """Write these paths here, each checked by its hash."""
        download(self.commits.store, self.local.root, entries)
        for path, entry in entries.items():
            self.local.note(path, entry.sha256)
        self.local.save()

    def drop_placeholders(self, lists: Patterns) -> None:
        """Delete what stood for files that were not brought."""
        for path in list(self.local.walk(lists)):
            if self.local.is_placeholder(path):
                self._delete(path)

    def _differs(self, path: str, entry: Entry, reads: Patterns) -> bool:
        if self.local.is_placeholder(path):
            return path in reads
        here = self.local.entry(path)
        if here is None or not here.same(entry):
            return True
        self.local.note(path, entry.sha256)
        return False

    def _is_here(self, path: str) -> bool:
        full = self.local.root / path
        return (full.is_symlink() or full.exists()) and not self.local.is_placeholder(path)

    def _require_pushed(self, paths: Iterable[str]) -> None:
        own = sorted(p for p in paths if self._is_here(p) and self.local.clean(p) is None)
        if own:
            names = ", ".join(own[:_SHOWN]) + (", ..." if len(own) > _SHOWN else "")
            raise StageFailed(
                f"{names}: changed in {self.local.root} and never pushed to the object store; "
                "`trainer objects push` keeps the changes, `trainer objects pull --discard` drops "
                "them"
            )

    def _delete(self, path: str) -> None:
        full = self.local.root / path
        if path == STATE:
            forget_wal(full)
        full.unlink(missing_ok=True)
        self.local.forget(path)
        with suppress(OSError):  # until one is not empty
            os.removedirs(full.parent)
