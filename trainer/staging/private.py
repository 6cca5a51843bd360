"""Files that hold secrets: their owner's only, from the first byte on."""

from __future__ import annotations

import json
import os
from pathlib import Path


def write_private_json(path: Path, content: dict[str, str]) -> None:
    """Write `content` whole or not at all, mode 600."""
    write_private(path, json.dumps(content).encode())


def write_private(path: Path, content: bytes) -> None:
    """Write bytes whole or not at all, mode 600."""
    temporary = path.with_name(f".tmp-{path.name}")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    temporary.replace(path)
