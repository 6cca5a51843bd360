"""How a DATA_DIR differs from the newest commit, for `trainer objects status`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trainer.object_store.checkout import Checkout
from trainer.object_store.commits import Head
from trainer.object_store.patterns import Patterns
from trainer.object_store.store import Store
from trainer.object_store.tree import Entry, Tree

IMAGES = "images"


@dataclass(frozen=True)
class Difference:
    """How a DATA_DIR and the newest commit differ."""

    head: Head | None
    tree: Tree
    files: int
    bytes: int
    changed: list[str]
    missing: int


def compare(store: Store, root: Path) -> Difference:
    """Compare a DATA_DIR with the newest commit; reads what changed here, writes nothing."""
    checkout = Checkout.begin(store, root)
    wanted = checkout.entries(everything(checkout, True))
    here = list(checkout.local.walk(everything(checkout, True)))
    changed = [path for path in here if _is_own(checkout, path, wanted.get(path))]
    size = sum(entry.size for entry in wanted.values())
    missing = len(wanted.keys() - set(here))
    return Difference(checkout.head, checkout.tree, len(wanted), size, changed, missing)


def _is_own(checkout: Checkout, path: str, entry: Entry | None) -> bool:
    """Was the file changed here, and is it not what the store has?"""
    local = checkout.local
    if local.is_placeholder(path) or local.clean(path) is not None:
        return False
    here = local.entry(path)
    return here is not None and not here.same(entry)


def everything(checkout: Checkout, images: bool) -> Patterns:
    """Every path of the tree or of the folder, with or without pictures."""
    folders = {name.split("/", 1)[0] for name in checkout.tree.sections} - {"."}
    folders |= {path.name for path in checkout.local.root.glob("*/")}
    wanted = sorted(folders if images else folders - {IMAGES})
    return Patterns(("*", *(f"{folder}/**" for folder in wanted)))
