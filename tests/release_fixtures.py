"""Built releases for tests: small, from the invented world."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.release_world import PACK, WHEN, world
from trainer.release.inputs import read_inputs
from trainer.release.write import BuildResult, build


def built(
    select: Path,
    out: Path,
    version_id: str = "20261101_000000",
    version: str = "2026.11.01",
    **more: Any,
) -> BuildResult:
    return build(
        read_inputs(select, select),
        out,
        version_id=version_id,
        version=version,
        created_at=WHEN,
        pack=PACK,
        sources=["stashdb"],
        **more,
    )


def small_release(
    root: Path, version_id: str = "20261101_000000", version: str = "2026.11.01", people: int = 25
) -> Path:
    out = root / version_id
    built(world(root / f"select-{version_id}", people=people), out, version_id, version)
    return out
