"""Commits: trees are read by name and checked, and the pointer to the newest is moved last."""

from __future__ import annotations

import json
import logging
import random
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from trainer.errors import DamagedFileError, RetryLater
from trainer.object_store.names import POINTER, tree_name
from trainer.object_store.store import Store
from trainer.object_store.tree import (
    Entry,
    Section,
    Tree,
    decode_section,
    encode_section,
    sha256_of,
)
from trainer.staging.clock import iso, now

log = logging.getLogger(__name__)

_TRIES = 60

# Merges one section: (as this machine began with it, as it has it, as it is in the store now).
Merge = Callable[[Section], dict[str, Entry]]


class Head(NamedTuple):
    """The newest commit: the sha256 of its tree, its number, and the pointer's ETag."""

    tree: str
    number: int
    tag: str


@dataclass
class Commits:
    """The commits of a store."""

    store: Store

    def head(self, *, anew: bool = False) -> Head | None:
        """Return the newest commit; None in a store that nothing was pushed to. `anew` reads over
        a damaged pointer, too."""
        found = self.store.read_tagged(POINTER)
        if found is None:
            return None
        try:
            content = json.loads(found[0])
            return Head(str(content["tree"]), int(content["number"]), found[1])
        except (ValueError, KeyError, TypeError):
            if anew:
                return Head("", 0, found[1])
            raise DamagedFileError(
                f"{self.store.url}/{POINTER}: not a pointer of this trainer; restore the bucket's "
                "earlier version of it, or `trainer objects push --anew` from a machine that has "
                "everything"
            ) from None

    def tree(self, sha256: str) -> Tree:
        """Return a tree; raises `DamagedFileError` where it is gone or damaged."""
        return Tree.decode(self._checked(sha256))

    def section(self, sha256: str | None) -> dict[str, Entry]:
        """Return a section's entries by path; none without a section."""
        return decode_section(self._checked(sha256)) if sha256 else {}

    def commit(self, changed: Mapping[str, Merge], by: str, *, anew: bool = False) -> Head:
        """Move the pointer to a tree in which each section of `changed` is what its merge makes of
        the newest one; return the commit.

        A merge raises where both sides changed one path. Where somebody else moved the pointer
        meanwhile, all is merged again. `anew` begins with nothing.
        """
        for number in range(_TRIES):
            head = self.head(anew=anew)
            last = self.tree(head.tree) if head and not anew else Tree()
            sections = dict(last.sections)
            for name, merge in changed.items():
                merged = merge(self.section(sections.pop(name, None)))
                if merged:
                    sections[name] = self._put(encode_section(merged))
            if head and sections == last.sections:
                return head
            parent = head.tree if head and not anew else None
            tree = Tree(sections, parent, iso(now()), by)
            done = self._move(head, self._put(tree.encode()))
            if done:
                return done
            log.info(f"objects: somebody else committed meanwhile; merging again ({number + 1})")
            time.sleep(random.uniform(0.02, 0.1) * min(number + 1, 20))
        raise RetryLater(
            f"{self.store.url}: others moved the pointer {_TRIES} times meanwhile; run this again"
        )

    def _move(self, head: Head | None, tree: str) -> Head | None:
        """None where somebody else moved the pointer. A write that was done although an error was
        answered counts as done: the pointer, or what was committed on top, has our tree."""
        number, token = (head.number + 1 if head else 1), uuid.uuid4().hex
        content = json.dumps({"tree": tree, "number": number, "token": token}).encode()
        if self.store.swap(POINTER, content, head.tag if head else None):
            return Head(tree, number, "")
        newest = self.head()
        found = newest.tree if newest else None
        for _ in range(newest.number - number if newest else 0):
            found = self.tree(found).parent if found else None
        return Head(tree, number, "") if found == tree else None

    def _put(self, content: bytes) -> str:
        sha256 = sha256_of(content)
        self.store.write(tree_name(sha256), content)
        return sha256

    def _checked(self, sha256: str) -> bytes:
        content = self.store.read(tree_name(sha256))
        if content is None or sha256_of(content) != sha256:
            problem = "gone" if content is None else "damaged"
            raise DamagedFileError(
                f"{self.store.url}/{tree_name(sha256)} is {problem}: the list of files of a "
                "commit; `trainer objects push --anew` from a machine that has everything "
                "writes it again"
            )
        return content
