"""A whole DATA_DIR and the object store: what `trainer objects` does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from trainer.errors import ConfigError, StageFailed
from trainer.object_store.bring import bring, drop_changes
from trainer.object_store.checkout import NOTHING, Checkout
from trainer.object_store.commits import Commits
from trainer.object_store.compare import everything
from trainer.object_store.local import Local
from trainer.object_store.markers import Scope, markers
from trainer.object_store.patterns import Patterns
from trainer.object_store.push import Pushed, push
from trainer.object_store.store import Store
from trainer.object_store.tree import Entry, Section, Tree, section_of

_EDITS = Patterns(["runs/*/run.json"])


def bring_some(store: Store, root: Path, reads: Iterable[str], lists: Iterable[str] = ()) -> int:
    """Bring some files here; return how many came. What tasks at work, or killed ones, changed
    here stays as it is."""
    checkout = Checkout.begin(store, root)
    live, killed = markers(root)
    keep = NOTHING
    for marker in (*live, *killed):
        keep |= marker.scope.everything
    with checkout.local.busy():
        return bring(checkout, Patterns(reads), Patterns(lists), keep)


def pull(store: Store, root: Path, *, images: bool = False, discard: bool = False) -> int:
    """Make a DATA_DIR a mirror of the newest commit, with or without pictures; return how many
    files came. `discard` drops what was changed here and never pushed."""
    checkout = Checkout.begin(store, root)
    if checkout.head is None:
        raise StageFailed(f"nothing is in {store.url} yet; `trainer objects push` puts it there")
    wanted = everything(checkout, images)
    if discard:
        with checkout.local.busy():
            drop_changes(checkout, wanted)
            for marker in markers(root)[1]:
                marker.path.unlink(missing_ok=True)
            checkout.local.save()
    return bring_some(store, root, wanted.texts)


def push_all(store: Store, root: Path, by: str, *, anew: bool = False) -> Pushed:
    """Commit everything that was changed here since it was brought or pushed.

    `anew` writes all lists of files again, from what is here alone, and knows nothing of what was
    in the store.
    """
    live, _ = markers(root)
    if live:
        raise StageFailed(f"{live[0].task} is at work in {root}; wait for its end")
    commits = Commits(store)
    checkout = Checkout(commits, Local.open(root), None, Tree())
    if not anew:
        checkout = Checkout.begin(store, root)
        checkout.base_on_notes(_noted(checkout))
    scope = Scope(writes=everything(checkout, True), edits=_EDITS)
    with checkout.local.busy():
        done = push(checkout, scope, by, anew=anew)
        checkout.local.save()
    return done


def remove(store: Store, root: Path, patterns: list[str], by: str) -> Pushed:
    """Commit that these paths are not there any more, whether their objects are or not."""
    checkout = Checkout.begin(store, root)
    given = Patterns(patterns)
    gone = checkout.entries(given)
    if not gone:
        raise ConfigError(f"nothing in {store.url} is called {', '.join(patterns)}; give a path")

    def without(theirs: Section) -> dict[str, Entry]:
        return {path: entry for path, entry in theirs.items() if path not in gone}

    head = checkout.commits.commit({section_of(p): without for p in gone}, by)
    return Pushed(head, 0, len(gone))


def _noted(checkout: Checkout) -> dict[str, dict[str, Entry]]:
    """The sections as they were when each file that is here was brought or pushed."""
    newest = checkout.entries(everything(checkout, True))
    based: dict[str, dict[str, Entry]] = defaultdict(dict)
    for path, (_, sha256) in checkout.local.known.items():
        here = checkout.local.entry(path) if checkout.local.clean(path) is not None else None
        entry = newest.get(path)
        if entry is None or (entry.sha256 or "") != sha256:
            entry = here or Entry(sha256)
        based[section_of(path)][path] = entry
    return dict(based)
