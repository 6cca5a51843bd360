"""Are the objects of the newest commit there, and whole?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from trainer.object_store.checkout import Checkout
from trainer.object_store.download import THREADS
from trainer.object_store.names import object_name
from trainer.object_store.patterns import Patterns
from trainer.object_store.store import Store
from trainer.object_store.tree import Entry
from trainer.object_store.upload import upload
from trainer.staging.atomic import sha256_file


@dataclass
class Checked:
    """`damaged`: a line per path whose object is gone or not what its name says; `mended`: those
    that were put again from here."""

    objects: int = 0
    damaged: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)


def check(store: Store, root: Path, *, deep: bool, mend: bool) -> Checked:
    """Compare every object's size with its commit's; `deep` reads and hashes all bytes. `mend` puts
    a damaged one again where the file lies here."""
    checkout = Checkout.begin(store, root)
    by_hash: dict[str, dict[str, Entry]] = defaultdict(dict)
    for path, entry in checkout.entries(Patterns(["*", "**"])).items():
        if entry.sha256:
            by_hash[entry.sha256][path] = entry
    sizes = {found.name: found.size for found in store.names("objects")}
    done = Checked(objects=len(by_hash))
    with ThreadPoolExecutor(THREADS) as pool:
        tests = pool.map(lambda item: _problem(store, sizes, deep, *item), by_hash.items())
        for sha256, problem in zip(by_hash, tests, strict=True):
            if problem:
                _judge(checkout, by_hash[sha256], sha256, problem, mend, done)
    return done


def _problem(
    store: Store, sizes: dict[str, int], deep: bool, sha256: str, entries: dict[str, Entry]
) -> str | None:
    name, size = object_name(sha256), next(iter(entries.values())).size
    if sizes.get(name) != size:
        return "gone" if name not in sizes else "damaged"
    if not deep:
        return None
    with TemporaryDirectory(prefix="object-") as scratch:
        copy = Path(scratch) / "copy"
        store.save(name, size, copy)
        return None if sha256_file(copy) == sha256 else "damaged"


def _judge(
    checkout: Checkout,
    entries: dict[str, Entry],
    sha256: str,
    problem: str,
    mend: bool,
    done: Checked,
) -> None:
    own = next(_here(checkout, entries, sha256), None) if mend else None
    if own is not None:
        checkout.commits.store.delete([object_name(sha256)])
        upload(checkout.commits.store, checkout.local, [own])
        done.mended.append(f"{own}: its object was {problem}, and is put again")
        return
    done.damaged += [f"{path}: its object {object_name(sha256)} is {problem}" for path in entries]


def _here(checkout: Checkout, entries: dict[str, Entry], sha256: str) -> Iterator[str]:
    for path in entries:
        found = checkout.local.entry(path)
        if found is not None and found.sha256 == sha256:
            yield path
