"""Two machines and an object store in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from obstore.store import MemoryStore

from trainer.object_store.markers import Scope, marked
from trainer.object_store.mirror import push_all
from trainer.object_store.patterns import Patterns
from trainer.object_store.session import Session
from trainer.object_store.store import Store


def memory() -> Store:
    return Store("s3://invented/data", MemoryStore())


class Machine:
    """A DATA_DIR and the store; `texts` is what it has."""

    def __init__(self, root: Path, store: Store) -> None:
        self.root = root
        self.store = store
        root.mkdir(parents=True, exist_ok=True)

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".tmp-{target.name}")
        fresh.write_text(text)
        fresh.replace(target)

    def texts(self) -> dict[str, str]:
        files = [p for p in self.root.rglob("*") if p.is_file() and p.stat().st_mode & 0o777]
        found = {p.relative_to(self.root).as_posix(): p for p in files}
        return {n: p.read_text() for n, p in sorted(found.items()) if not n.startswith(".")}

    def push(self, by: str = "a test") -> None:
        push_all(self.store, self.root, by)

    @contextmanager
    def task(
        self,
        name: str,
        reads: tuple[str, ...] = (),
        writes: tuple[str, ...] = (),
        adds: tuple[str, ...] = (),
        edits: tuple[str, ...] = (),
        lists: tuple[str, ...] = (),
    ) -> Iterator[Session]:
        """Bring, work, push; an exception is a machine that dies."""
        with marked(self.root, name) as marker:
            session = Session.begin(self.store, self.root, name, marker)
            session.bring(Patterns(reads), Patterns(lists))
            session.write_in(Scope(Patterns(writes), Patterns(adds), Patterns(edits)))
            yield session
            session.push()
            session.end()
