"""The object store through `obstore`: bytes under names, and one conditional write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import urlsplit

from trainer.config.settings import Settings
from trainer.errors import ConfigError, RetryLater
from trainer.reasons import reason

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_SCHEMES = ("s3", "gs", "az")
_RETRIES: Any = {"max_retries": 8}
_PIECE = 32 << 20  # bytes a request


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

        try:
            found = obstore.get(self.inner, name)
            return bytes(found.bytes()), str(found.meta["e_tag"])
        except FileNotFoundError:
            return None
        except (obstore.exceptions.BaseError, OSError) as error:
            raise self._refusal("read", name, error) from error

    def save(self, name: str, size: int, target: Path) -> None:
        """Write an object of `size` bytes to a file, a piece at a time. Raises `FileNotFoundError`
        where there is none."""
        import obstore

        try:
            with target.open("wb") as file:
                for start in range(0, size, _PIECE):
                    length = min(_PIECE, size - start)
                    file.write(obstore.get_range(self.inner, name, start=start, length=length))
        except FileNotFoundError:
            raise
        except (obstore.exceptions.BaseError, OSError) as error:
            raise self._refusal("read", name, error) from error

    def look(self, name: str) -> Listed | None:
        """Return size and age of an object without its bytes; None where there is none."""
        import obstore

        try:
            meta = obstore.head(self.inner, name)
        except FileNotFoundError:
            return None
        except (obstore.exceptions.BaseError, OSError) as error:
            raise self._refusal("look at", name, error) from error
        return Listed(name, meta["size"], meta["last_modified"])

    def write(self, name: str, content: bytes | Path) -> None:
        """Put an object, whole or not at all; a large file goes in parts."""
        import obstore

        try:
            obstore.put(self.inner, name, content)
        except (obstore.exceptions.BaseError, OSError) as error:
            raise self._refusal("write", name, error) from error

    def swap(self, name: str, content: bytes, tag: str | None) -> bool:
        """Put an object only where it still has the ETag `tag` (None: where there is none); return
        whether it was put."""
        import obstore
        from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

        mode: Any = "create" if tag is None else {"e_tag": tag}
        try:
            obstore.put(self.inner, name, content, mode=mode, use_multipart=False)
        except (AlreadyExistsError, PreconditionError, FileNotFoundError):
            return False
        except (BaseError, OSError) as error:
            raise self._refusal("write", name, error) from error
        return True

    def names(self, prefix: str) -> Iterator[Listed]:
        """Yield every object below `prefix`."""
        import obstore

        try:
            for batch in obstore.list(self.inner, prefix):
                for meta in batch:
                    yield Listed(meta["path"], meta["size"], meta["last_modified"])
        except (obstore.exceptions.BaseError, OSError) as error:
            raise self._refusal("list", prefix, error) from error

    def delete(self, names: list[str]) -> None:
        """Delete objects; those that are gone already are no error."""
        import obstore

        try:
            obstore.delete(self.inner, names)
        except FileNotFoundError:
            pass
        except (obstore.exceptions.BaseError, OSError) as error:
            raise self._refusal("delete in", names[0], error) from error

    def _refusal(self, what: str, name: str, error: Exception) -> RetryLater:
        first = reason(error).partition("Debug source")[0].strip()
        return RetryLater(
            f"can't {what} {name} in {self.url}: {first}; see that the object store answers and "
            "that its keys are right, and run this again"
        )


def open_store(settings: Settings) -> Store | None:
    """Return the store of `TRAINER_OBJECT_STORE`; None where it is empty."""
    url = settings.object_store
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.netloc or "@" in parts.netloc or parts.query:
        raise ConfigError(
            "TRAINER_OBJECT_STORE is no address of an object store; write it as s3://bucket/prefix "
            "and the keys into their own variables"
        )
    from obstore.store import from_url

    try:
        inner = from_url(
            url,
            config=cast("Any", _s3_config(settings) if parts.scheme == "s3" else {}),
            client_options={"allow_http": settings.object_store_http, "timeout": "300s"},
            retry_config=_RETRIES,
        )
    except Exception as error:  # whatever the library finds wrong with it
        raise ConfigError(
            f"{url}: {reason(error)}; correct the TRAINER_OBJECT_STORE variables"
        ) from None
    return Store(url, inner)


def _s3_config(settings: Settings) -> dict[str, str]:
    """What is left out the library takes from AWS's own variables, or from the machine's role."""
    secret = settings.object_store_secret_key
    given = {
        "aws_endpoint": settings.object_store_endpoint,
        "aws_region": settings.object_store_region,
        "aws_access_key_id": settings.object_store_access_key,
        "aws_secret_access_key": secret.get_secret_value() if secret else None,
    }
    return {name: value for name, value in given.items() if value}
