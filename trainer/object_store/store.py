"""The object store through `obstore`: bytes under names, and one conditional write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from trainer.errors import RetryLater
from trainer.reasons import reason

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_PIECE = 32 << 20  # bytes per request


class Listed(NamedTuple):
    """An object as a listing has it."""

    name: str
    size: int
    modified: datetime


@dataclass(frozen=True)
class Store:
    """One bucket and prefix. Names are relative to the prefix. What the network or the server
    refuses is a `RetryLater` naming the store."""

    url: str
    inner: ObjectStore

    def read(self, name: str) -> bytes | None:
        """Return an object's bytes; None where there is none."""
        found = self.read_tagged(name)
        return found[0] if found else None

    def read_tagged(self, name: str) -> tuple[bytes, str] | None:
        """Return an object's bytes and its ETag; None where there is none."""
        import obstore

        with suppress(FileNotFoundError), self._asked_to("read", name):
            found = obstore.get(self.inner, name)
            return bytes(found.bytes()), str(found.meta["e_tag"])
        return None

    def save(self, name: str, size: int, target: Path) -> None:
        """Write an object of `size` bytes to a file, a piece at a time. Raises `FileNotFoundError`
        where there is none."""
        import obstore

        with self._asked_to("read", name), target.open("wb") as file:
            for start in range(0, size, _PIECE):
                length = min(_PIECE, size - start)
                file.write(obstore.get_range(self.inner, name, start=start, length=length))

    def look(self, name: str) -> Listed | None:
        """Return size and age of an object without its bytes; None where there is none."""
        import obstore

        with suppress(FileNotFoundError), self._asked_to("look at", name):
            meta = obstore.head(self.inner, name)
            return Listed(name, meta["size"], meta["last_modified"])
        return None

    def write(self, name: str, content: bytes | Path) -> None:
        """Put an object, whole or not at all; a large file goes in parts."""
        import obstore

        with self._asked_to("write", name):
            obstore.put(self.inner, name, content)

    def swap(self, name: str, content: bytes, tag: str | None) -> bool:
        """Put an object only where it still has the ETag `tag` (None: where there is none); return
        whether it was put."""
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        mode: Any = "create" if tag is None else {"e_tag": tag}
        with self._asked_to("write", name):
            try:
                obstore.put(self.inner, name, content, mode=mode, use_multipart=False)
            except (AlreadyExistsError, PreconditionError, FileNotFoundError):
                return False
        return True

    def names(self, prefix: str) -> Iterator[Listed]:
        """Yield every object below `prefix`."""
        import obstore

        with self._asked_to("list", prefix):
            for batch in obstore.list(self.inner, prefix):
                for meta in batch:
                    yield Listed(meta["path"], meta["size"], meta["last_modified"])

    def delete(self, names: list[str]) -> None:
        """Delete objects; those that are gone already are no error."""
        import obstore

        with suppress(FileNotFoundError), self._asked_to("delete in", names[0]):
            obstore.delete(self.inner, names)

    @contextmanager
    def _asked_to(self, what: str, name: str) -> Iterator[None]:
        """Say what was asked for where it is refused."""
        from obstore.exceptions import BaseError

        try:
            yield
        except FileNotFoundError:
            raise
        except (BaseError, OSError) as error:
            first = reason(error).partition("Debug source")[0].strip()
            raise RetryLater(
                f"can't {what} {name} in {self.url}: {first}; see that the object store answers "
                "and that its keys are right, and run this again"
            ) from error
