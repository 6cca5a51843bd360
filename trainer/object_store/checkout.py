"""A DATA_DIR beside one commit: what the commit has, and what of it was brought here."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from trainer.object_store.commits import Commits, Head
from trainer.object_store.download import THREADS
from trainer.object_store.local import Local
from trainer.object_store.patterns import Patterns
from trainer.object_store.store import Store
from trainer.object_store.tree import Entry, Tree

NOTHING = Patterns()


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
        """Begin at the newest commit. It is read after the notes: nothing noted is newer."""
        commits, local = Commits(store), Local.open(root)
        head = commits.head()
        tree = commits.tree(head.tree) if head else Tree()
        return cls(commits, local, head, tree)

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
