"""What no commit of the last days refers to: objects of killed pushes and of older commits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from trainer.object_store.commits import Commits
from trainer.object_store.names import object_name, tree_name
from trainer.object_store.store import Store
from trainer.object_store.tree import Tree
from trainer.object_store.upload import GRACE
from trainer.staging.clock import parse_iso

_AT_A_TIME = 500


def collect_garbage(store: Store, moment: datetime) -> int:
    """Delete the objects that are older than the grace time and that no commit younger than it, nor
    the newest, refers to; return how many."""
    commits = Commits(store)
    limit = moment - GRACE
    needed = set(_needed(commits, limit))
    gone = [
        found.name
        for prefix in ("objects", "trees")
        for found in store.names(prefix)
        if found.modified < limit and found.name not in needed
    ]
    for start in range(0, len(gone), _AT_A_TIME):
        store.delete(gone[start : start + _AT_A_TIME])
    return len(gone)


def _needed(commits: Commits, limit: datetime) -> Iterator[str]:
    seen: set[str] = set()
    for sha256, tree in _trees(commits, limit):
        yield tree_name(sha256)
        for section in set(tree.sections.values()) - seen:
            seen.add(section)
            yield tree_name(section)
            for entry in commits.section(section).values():
                if entry.sha256:
                    yield object_name(entry.sha256)


def _trees(commits: Commits, limit: datetime) -> Iterator[tuple[str, Tree]]:
    """Yield the newest tree, those after `limit`, and the one before them: a push that began on it
    may still go on."""
    head = commits.head()
    sha256 = head.tree if head else None
    while sha256 is not None:
        tree = commits.tree(sha256)
        yield sha256, tree
        sha256 = tree.parent if parse_iso(tree.at) > limit else None
