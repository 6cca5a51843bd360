"""The object store that DATA_DIR is kept on: is it there, and does it keep what commits rest on?"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from trainer.config.settings import Settings
from trainer.errors import DamagedFileError, RetryLater, TrainerError
from trainer.health.finding import Finding, ok, skipped

if TYPE_CHECKING:
    from trainer.object_store.store import Store

NAME = "object store"
WRITES, VERSIONS = f"{NAME}: writes", f"{NAME}: versions"
PROBES = "doctor"  # objects below it are ours, and nothing else's
_KEYS = "give it keys that may {what}: TRAINER_OBJECT_STORE_ACCESS_KEY and _SECRET_KEY"
_ANSWER = "see that the server answers at TRAINER_OBJECT_STORE_ENDPOINT, and that the bucket exists"


def object_store(settings: Settings, *, reader: bool = False) -> Iterator[Finding]:
    """Yield what is found of the store; nothing where none is set. But for a `reader`, objects are
    written and deleted again."""
    if settings.object_store is None:
        return
    from trainer.object_store.open_store import open_store

    try:
        store = open_store(settings, retries=1, timeout="15s")
    except TrainerError as error:
        text, _, advice = str(error).rpartition("; ")
        yield Finding(NAME, "bad", text, advice)
        return
    assert store is not None
    found = _read(store)
    yield found
    if reader:
        yield skipped(WRITES, "whoever shows only need not write there")
    elif found.level != "bad":
        yield from _write(store)


def _read(store: Store) -> Finding:
    from trainer.object_store.commits import Commits

    try:
        head = Commits(store).head()
        next(store.names(PROBES), None)  # of a bucket that is not there a read says "no object"
        tree = Commits(store).tree(head.tree) if head else None
    except RetryLater as error:
        return _refused(NAME, error, "read and list")
    except DamagedFileError as error:
        text, _, advice = str(error).rpartition("; ")
        return Finding(NAME, "bad", text, advice)
    if head is None or tree is None:
        advice = "`trainer objects push` on the machine whose DATA_DIR is to go there"
        return Finding(NAME, "warning", "it answers, and nothing is in it yet", advice)
    return ok(NAME, f"it answers; commit {head.number} of {tree.at} is the newest")


def _write(store: Store) -> Iterator[Finding]:
    """Yield whether conditional writes hold, and whether what is overwritten is kept."""
    name = f"{PROBES}/{uuid.uuid4().hex}"
    try:
        yield _conditions(store, name)
        yield _versions(store, name)
    except RetryLater as error:
        yield _refused(WRITES, error, "write")
        return
    try:
        store.delete([name])
    except RetryLater:
        advice = _KEYS.format(what="delete, too")
        yield Finding(f"{NAME}: deletes", "warning", "it lets nothing be deleted", advice)


def _conditions(store: Store, name: str) -> Finding:
    """Machines that commit at once lose nothing only where a write on a condition is refused when
    that does not hold."""
    store.swap(name, b"first", None)
    first = store.read_tagged(name)
    anew = store.swap(name, b"anew", None)
    changed = first is not None and store.swap(name, b"second", first[1])
    again = first is not None and store.swap(name, b"third", first[1])
    if changed and not anew and not again:
        return ok(WRITES, "it takes what is written, and honours the conditions of writes")
    broken = "If-None-Match" if anew else "If-Match"
    text = f"it does not honour {broken}: machines that commit at once would lose each other's work"
    return Finding(WRITES, "bad", text, "take a server that honours conditional writes, as S3 does")


def _versions(store: Store, name: str) -> Finding:
    import obstore

    version = None
    with suppress(Exception):  # what it is, the conditions have said
        version = obstore.head(store.inner, name)["version"]
    if version not in (None, "null"):
        return ok(VERSIONS, "the bucket keeps versions: a mistake with HEAD.json can be undone")
    text = "the bucket keeps no versions: a mistake with HEAD.json can't be undone"
    return Finding(VERSIONS, "warning", text, "switch on the bucket's versioning")


def _refused(name: str, error: RetryLater, what: str) -> Finding:
    """Without the library's words, which may hold an address."""
    from obstore import exceptions

    keys = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)
    if isinstance(error.__cause__, keys):
        return Finding(name, "bad", f"it refuses these keys to {what}", _KEYS.format(what=what))
    return Finding(name, "bad", f"it can't be asked to {what}", _ANSWER)
