"""All permanent ids, read once per state of state.db: there are hundreds of thousands."""

from __future__ import annotations

from threading import Lock

from trainer.staging.paths import DataDir
from trainer.staging.stamped import Stamp, stamp
from trainer.state.store import KnownIdentities, read_identities

_Key = tuple[object, Stamp | None, Stamp | None]
_lock = Lock()
_last: dict[_Key, KnownIdentities] = {}


def identities(data: DataDir) -> KnownIdentities:
    """As `read_identities`; a change that lies in the write-ahead log still is seen, too."""
    path = data.state_db
    key = (path, stamp(path), stamp(path.with_name(f"{path.name}-wal")))
    with _lock:
        if key not in _last:
            found = read_identities(path)
            _last.clear()
            _last[key] = found
        return _last[key]
