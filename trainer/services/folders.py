"""Whose the containers' folders are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from trainer.errors import ConfigError


def check_folders(folders: Mapping[str, Path]) -> None:
    """Raise `ConfigError` naming the first folder that we may not write to, and whose it is."""
    for name, path in folders.items():
        path.mkdir(parents=True, exist_ok=True) if os.access(path.parent, os.W_OK) else None
        if not path.is_dir():
            raise ConfigError(f"{name}: {path} is not there; create it, or mount a folder there")
        if not os.access(path, os.W_OK | os.X_OK):
            owner = path.stat()
            raise ConfigError(
                f"{name}: {path} belongs to {owner.st_uid}:{owner.st_gid}, and user {os.getuid()} "
                f"may not write there; run `chown -R {os.getuid()}:{os.getgid()}` on it on the "
                f"host, or set PUID={owner.st_uid} and PGID={owner.st_gid}"
            )
