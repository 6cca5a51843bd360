"""What `trainer assertions` proposes: limits around what the last good crawl of a source was."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import yaml

from trainer.config.sources import SourceConfig
from trainer.errors import ConfigError
from trainer.staging.manifest import StageManifest
from trainer.staging.paths import DataDir
from trainer.state.store import read_snapshots

# A source shrinks slowly and grows faster; a share of pages moves with the people it lists.
FEWER, MORE, SHARE_SLACK = 0.9, 1.5, 0.1
_SHARES = {
    "share_with_image": "min_share_with_image",
    "share_of_pages": "min_share_of_pages",
}


def proposals(
    data: DataDir, sources: dict[str, SourceConfig], asked: Iterable[str] = ()
) -> dict[str, dict[str, Any]]:
    """Source key -> assertions, for each source that has a published crawl.

    Raises `ConfigError` for an unknown source or one without such a crawl.
    """
    snapshots = read_snapshots(data.state_db)
    wanted = list(asked) or sorted(snapshots)
    unknown = sorted(set(wanted) - set(sources))
    if unknown:
        raise ConfigError(f"unknown sources {unknown}; known: {sorted(sources)}")
    never = sorted(set(wanted) - set(snapshots))
    if never:
        raise ConfigError(f"no good crawl of {never} was ever published; run `trainer build` first")
    found = {}
    for source in wanted:
        manifest = StageManifest.read(data.run(snapshots[source].run_id).staging(source))
        if manifest is None:
            raise ConfigError(
                f"{source}: the staging of its last good run {snapshots[source].run_id} is gone; "
                "build once more with full_refresh"
            )
        found[source] = propose(snapshots[source].live_performers, manifest)
    return found


def propose(live: int, manifest: StageManifest) -> dict[str, Any]:
    """Limits with room around `live` performers and the shares that the crawl had itself."""
    limits: dict[str, Any] = {
        "min_performers": max(1, math.floor(live * FEWER)),
        "max_performers": max(10, math.ceil(live * MORE)),
    }
    for check in manifest.checks:
        name = _SHARES.get(check.name)
        if name is not None:
            limits[name] = round(max(0.0, float(check.actual) - SHARE_SLACK), 2)
    return limits


def as_yaml(found: dict[str, dict[str, Any]]) -> str:
    """Ready to be put into DATA_DIR/sources.yaml."""
    return yaml.safe_dump({key: {"assertions": limits} for key, limits in found.items()}).rstrip()
