"""The commit protocol around one task: bring, work, push; and what a killed one left here."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

from trainer.errors import DamagedFileError, StageFailed
from trainer.object_store.bring import bring, drop_changes, drop_placeholders
from trainer.object_store.checkout import NOTHING, Checkout
from trainer.object_store.markers import Marker, Scope, markers, write_marker
from trainer.object_store.patterns import Patterns
from trainer.object_store.push import Pushed, push
from trainer.object_store.store import Store

log = logging.getLogger(__name__)

_WHOLE_AT_THE_END = "_RUN.json"  # says that a directory is complete: pushed with its step


@dataclass
class Session:
    """A task at work on a checkout. `keep`: local changes that are not this task's to judge, or
    its own from before it was killed."""

    checkout: Checkout
    task: str
    marker: Path
    scope: Scope = field(default_factory=Scope)
    keep: Patterns = NOTHING
    lists: Patterns = NOTHING

    @classmethod
    def begin(cls, store: Store, root: Path, task: str, marker: Path) -> Session:
        """Begin at the newest commit; `write_in` says where the task will write."""
        checkout = Checkout.begin(store, root)
        if checkout.head is None:
            raise StageFailed(
                f"nothing is in {store.url} yet; run `trainer objects push` once, on the machine "
                f"whose {root} is to go there"
            )
        session = cls(checkout, task, marker)
        with checkout.local.busy():
            session._settle(*markers(root, marker))
        return session

    def write_in(self, scope: Scope) -> None:
        """Say where the task writes, before it does."""
        assert self.checkout.head is not None
        self.scope = scope
        write_marker(self.marker, self.task, self.checkout.head.tree, scope)

    def _settle(self, live: list[Marker], killed: list[Marker]) -> None:
        """What a killed try of this task left here is gone on with, where nobody else pushed such
        files since; what other killed tasks left goes."""
        for other in live:
            self.keep |= other.scope.everything
        for left in killed:
            own = left.path == self.marker and _may_go_on(self.checkout, left)
            if own:
                self.keep |= left.scope.writes | left.scope.adds
                log.info(f"objects: going on with what a killed {self.task} left here")
            dropped = drop_changes(
                self.checkout, left.scope.edits if own else left.scope.everything, self.keep
            )
            if dropped and not own:
                log.info(f"objects: {dropped} files that a killed {left.task} left here are gone")
            if not own:
                left.path.unlink(missing_ok=True)
        self.checkout.local.save()

    def bring(self, reads: Patterns, lists: Patterns = NOTHING) -> int:
        """Bring these files here."""
        with self.checkout.local.busy():
            self.lists |= lists
            return bring(self.checkout, reads, lists, self.keep)

    def push(self) -> Pushed:
        """Commit what the task wrote."""
        return self._push(self.scope)

    def end(self) -> None:
        """Forget the task; the last one of this machine deletes the placeholders."""
        with self.checkout.local.busy():
            live, _ = markers(self.checkout.local.root, self.marker)
            if not live:
                drop_placeholders(self.checkout, self.lists)
            self.checkout.local.save()
        self.marker.unlink(missing_ok=True)

    def push_parts(self) -> None:
        """Commit what is finished of a task that goes on, but for what says that all of it is."""
        self._push(Scope(adds=self.scope.writes | self.scope.adds), leave=_WHOLE_AT_THE_END)

    def _push(self, scope: Scope, leave: str = "") -> Pushed:
        with self.checkout.local.busy():
            done = push(self.checkout, scope, self.task, leave=leave)
            self.checkout.local.save()
            if done.head:  # so that a killed try goes on from here
                write_marker(self.marker, self.task, done.head.tree, self.scope)
        if done.head:
            log.info(
                f"objects: {self.task}: commit {done.head.number}, {done.changed} files, "
                f"{done.deleted} deleted"
            )
        return done


def _may_go_on(checkout: Checkout, left: Marker) -> bool:
    """Are the files that only this task writes as they were when it began?"""
    try:
        before = Checkout(
            checkout.commits, checkout.local, None, checkout.commits.tree(left.tree)
        ).entries(left.scope.writes)
    except DamagedFileError:
        return False  # it is long gone
    return before == checkout.entries(left.scope.writes)
