"""Files of a commit come here, by rules: what was changed here and never pushed is not lost."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

from trainer.errors import StageFailed
from trainer.object_store.checkout import NOTHING, Checkout
from trainer.object_store.database import STATE, forget_wal
from trainer.object_store.download import download, make_placeholder
from trainer.object_store.patterns import Patterns
from trainer.object_store.tree import Entry

_SHOWN = 3


def bring(
    checkout: Checkout, reads: Patterns, lists: Patterns = NOTHING, keep: Patterns = NOTHING
) -> int:
    """Make the local DATA_DIR equal to the tree; return how many files came.

    Of what only `lists` matches, a placeholder without bytes comes. Local changes that were
    not pushed stay at paths of `keep`, and are an error elsewhere.
    """
    wanted = checkout.entries(reads | lists)
    changed = [p for p, entry in wanted.items() if _differs(checkout, p, entry, reads)]
    changed = [p for p in changed if not (p in keep and _is_here(checkout, p))]
    known = [p for p in checkout.local.known if p in reads or p in lists]
    gone = [p for p in known if p not in wanted and p not in keep]
    _require_pushed(checkout, (*changed, *gone))
    for path in gone:
        _delete(checkout, path)
    fetched = {p: wanted[p] for p in changed if p in reads or wanted[p].link}
    listed = [checkout.local.root / path for path in changed if path not in fetched]
    for folder in {path.parent for path in listed}:
        folder.mkdir(parents=True, exist_ok=True)
    for path in changed:
        if path not in fetched:
            make_placeholder(checkout.local.root / path, wanted[path])
    fetch(checkout, fetched)
    checkout.brought |= reads | lists
    return len(fetched)


def drop_changes(checkout: Checkout, patterns: Patterns, keep: Patterns = NOTHING) -> int:
    """Delete here what differs from the tree and was never pushed, but for paths of `keep`;
    return how many files."""
    wanted = checkout.entries(patterns)
    dropped = 0
    for path in list(checkout.local.walk(patterns)):
        entry = wanted.get(path)
        if path in keep:
            continue
        if entry is None or _differs(checkout, path, entry, patterns):
            _delete(checkout, path)
            dropped += 1
    return dropped


def fetch(checkout: Checkout, entries: dict[str, Entry]) -> None:
    """Write these paths here, each checked by its hash."""
    download(checkout.commits.store, checkout.local.root, entries)
    for path, entry in entries.items():
        checkout.local.note(path, entry.sha256)
    checkout.local.save()


def drop_placeholders(checkout: Checkout, lists: Patterns) -> None:
    """Delete what stood for files that were not brought."""
    root = checkout.local.root
    gone = [root / p for p in checkout.local.walk(lists) if checkout.local.is_placeholder(p)]
    for path in gone:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in gone}:
        with suppress(OSError):  # until one is not empty
            os.removedirs(folder)


def _differs(checkout: Checkout, path: str, entry: Entry, reads: Patterns) -> bool:
    if not os.path.lexists(f"{checkout.local.root}/{path}"):
        return True
    if checkout.local.is_placeholder(path):
        return path in reads
    here = checkout.local.entry(path)
    if here is None or not here.same(entry):
        return True
    checkout.local.note(path, entry.sha256)
    return False


def _is_here(checkout: Checkout, path: str) -> bool:
    full = checkout.local.root / path
    return (full.is_symlink() or full.exists()) and not checkout.local.is_placeholder(path)


def _require_pushed(checkout: Checkout, paths: Iterable[str]) -> None:
    own = sorted(p for p in paths if _is_here(checkout, p) and checkout.local.clean(p) is None)
    if own:
        names = ", ".join(own[:_SHOWN]) + (", ..." if len(own) > _SHOWN else "")
        raise StageFailed(
            f"{names}: changed in {checkout.local.root} and never pushed to the object store; "
            "`trainer objects push` keeps the changes, `trainer objects pull --discard` drops "
            "them"
        )


def _delete(checkout: Checkout, path: str) -> None:
    full = checkout.local.root / path
    if path == STATE:
        forget_wal(full)
    full.unlink(missing_ok=True)
    checkout.local.forget(path)
    with suppress(OSError):  # until one is not empty
        os.removedirs(full.parent)
