"""Damaged files are set aside under DATA_DIR/quarantine, never deleted: somebody may read them."""

from __future__ import annotations

from pathlib import Path

from trainer.staging.paths import DataDir


def set_aside(data: DataDir, path: Path, stamp: str) -> Path:
    """Move a file or a directory to `quarantine/<stamp>/` at its place below DATA_DIR; return where
    it lies. One that lies there already gets a number."""
    target = data.quarantine / stamp / path.relative_to(data.root)
    number = 1
    while target.exists() or target.is_symlink():
        number += 1
        target = target.with_name(f"{path.name}.{number}")
    target.parent.mkdir(parents=True, exist_ok=True)
    path.rename(target)
    return target
