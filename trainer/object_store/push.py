"""What changed here is committed: objects first, then lists of files, the pointer last."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from trainer.object_store.bring import fetch
from trainer.object_store.checkout import Checkout
from trainer.object_store.commits import Head, Merge
from trainer.object_store.markers import Scope
from trainer.object_store.merge import merge_json_bytes, merge_sections
from trainer.object_store.names import object_name
from trainer.object_store.patterns import Patterns
from trainer.object_store.tree import Entry, Section, section_of
from trainer.object_store.upload import put_bytes, upload

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pushed:
    """A commit: how many files it changed and deleted. `head` is None where nothing differed."""

    head: Head | None
    changed: int
    deleted: int


def push(
    checkout: Checkout, scope: Scope, by: str, *, leave: str = "", anew: bool = False
) -> Pushed:
    """Commit what differs from the checkout's tree in `scope`, but for files of the name `leave`.

    Deleted is only what is missing at paths of `writes` and was here. Paths that others committed
    meanwhile stay theirs. The same path changed on both sides is a `StageFailed` naming it, but at
    paths of `edits`, whose JSON is merged. `anew`: nothing else is in the commit.
    """
    base, there = checkout.entries(scope.everything), list(checkout.local.walk(scope.everything))
    changed = [
        path
        for path in there
        if path.rsplit("/", 1)[-1] != leave and _is_changed(checkout, path, base.get(path))
    ]
    missing = [path for path in sorted(base.keys() - set(there)) if path in scope.writes]
    deleted = [path for path in missing if checkout.was_here(path)]
    if not changed and not deleted:
        return Pushed(None, 0, 0)
    mine: dict[str, Entry | None] = dict.fromkeys(deleted)
    mine |= upload(checkout.commits.store, checkout.local, changed)
    done = _Merging(checkout, mine, scope.edits)
    head = checkout.commits.commit(done.by_section(), by, anew=anew)
    checkout.move_to(head)
    for path in deleted:
        checkout.local.forget(path)
    fetch(checkout, done.reconciled)
    return Pushed(head, len(changed), len(deleted))


def _is_changed(checkout: Checkout, path: str, before: Entry | None) -> bool:
    if checkout.local.is_placeholder(path):
        return False
    here = checkout.local.entry(path)
    return here is not None and not here.same(before)


class _Merging:
    """Merges of the sections that have a path of `mine`; None stands for a deleted one."""

    def __init__(
        self, checkout: Checkout, mine: Mapping[str, Entry | None], merged: Patterns
    ) -> None:
        self._checkout = checkout
        self._merged = merged
        self._mine: dict[str, dict[str, Entry | None]] = defaultdict(dict)
        self.reconciled: dict[str, Entry] = {}  # what is neither side's, to be written here
        for path, entry in mine.items():
            self._mine[section_of(path)][path] = entry

    def by_section(self) -> dict[str, Merge]:
        """Return the merge of each section that changed."""
        return {name: self._merge_of(name) for name in self._mine}

    def _merge_of(self, name: str) -> Merge:
        base = self._checkout.section(name)
        changed = {**base, **self._mine[name]}
        mine = {path: entry for path, entry in changed.items() if entry is not None}

        def merge(theirs: Section) -> dict[str, Entry]:
            return merge_sections(base, mine, theirs, self._reconcile)

        return merge

    def _reconcile(self, path: str, base: Entry | None, mine: Entry, theirs: Entry) -> Entry | None:
        if path not in self._merged:
            return None
        store = self._checkout.commits.store
        contents = [
            store.read(object_name(e.sha256)) if e and e.sha256 else None
            for e in (base, mine, theirs)
        ]
        before, here, there = contents
        if here is None or there is None:
            return None
        try:
            content = merge_json_bytes(before, here, there)
        except ValueError:  # damaged, which its next reader says
            return None
        entry = mine._replace(sha256=put_bytes(store, content), size=len(content))
        self.reconciled[path] = entry
        return entry
