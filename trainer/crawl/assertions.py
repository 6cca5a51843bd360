"""What `trainer assertions` proposes: limits around what the last good crawl of a source was."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from trainer.config.sources import SourceConfig
from trainer.errors import ConfigError
from trainer.staging.manifest import StageManifest
from trainer.staging.paths import DataDir
from trainer.state.store import read_snapshots

# A source shrinks slowly and grows faster; a share of pages moves with the people it lists.
FEWER, MORE, SHARE_SLACK = 0.9, 1.5, 0.1
LEAST_OF_A_SHARE = 20  # fewer performers or pages say nothing about a share
_ASKED = ("read", "unconfirmed", "unreadable", "missing")


def proposals(
    data: DataDir, sources: dict[str, SourceConfig], keys: Iterable[str] = ()
) -> dict[str, dict[str, Any]]:
    """Source key -> assertions, for each source that has a published crawl.

    Raises `ConfigError` for an unknown source or one without such a crawl.
    """
    snapshots = read_snapshots(data.state_db)
    wanted = list(keys) or sorted(snapshots)
    unknown = sorted(set(wanted) - set(sources))
    if unknown:
        raise ConfigError(f"unknown sources {unknown}; choose from {', '.join(sorted(sources))}")
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
        found[source] = propose(
            snapshots[source].live_performers, manifest, sources[source].creates_performers
        )
    return found


def propose(live: int, manifest: StageManifest, creates_performers: bool = True) -> dict[str, Any]:
    """Limits with room around what the crawl had itself.

    `live`: performers of the snapshot. How many pages a reference site gives follows from the
    links and names that it was asked for, so that its proposal is about shares alone.
    """
    limits: dict[str, Any] = {"min_performers": 1}
    if creates_performers:
        limits["min_performers"] = max(1, math.floor(live * FEWER))
        limits["max_performers"] = max(10, math.ceil(live * MORE))
    wholes = {"share_with_image": live, "share_of_pages": _linked_pages(manifest.counts)}
    for check in manifest.checks:
        if wholes.get(check.name, 0) >= LEAST_OF_A_SHARE:
            limits[f"min_{check.name}"] = round(max(0.0, float(check.actual) - SHARE_SLACK), 2)
    return limits


def _linked_pages(counts: Mapping[str, int]) -> int:
    """Pages that `share_of_pages` is a share of; none where names were tried as well: these count
    where they hit only, so that the share would be too good for a crawl by links."""
    if counts.get("pages_missing_by_name"):
        return 0
    return sum(counts.get(f"pages_{kind}", 0) for kind in _ASKED)


def as_yaml(found: dict[str, dict[str, Any]]) -> str:
    """Ready to be put into DATA_DIR/sources.yaml."""
    known = {key: {"assertions": limits} for key, limits in found.items()}
    return str(yaml.safe_dump(known)).rstrip()
