"""Which maximum distance costs what, so that a user can choose one: the curve, and the largest
distances that keep false accepts under given shares.

Distances depend on the model pack and on who is in the database: those that fit one release are
wrong for another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from trainer.release import contract
from trainer.release.files import read_manifest
from trainer.release.intervals import Interval, interval, share
from trainer.release.search_results import SearchResults
from trainer.staging.atomic import write_json

CALIBRATION_JSON = "calibration.json"
STEPS = 100  # of the curve, over the distances 0 to 1
TARGETS = (0.01, 0.001, 0.0001)  # shares of strangers who are given a name
_FINENESS = 1_000  # a safe distance is a multiple of 1 / 1,000
_SIZES = (1_000, 10_000, 100_000)  # performers for which false accepts are extrapolated


class CurvePoint(BaseModel):
    """What happens when answers above `distance` are dropped."""

    model_config = ConfigDict(extra="forbid")

    distance: float
    false_accept: float | None = Field(description="strangers who are given a name")
    false_reject: float | None = Field(description="listed faces that their own name misses")
    wrong_name: float | None = Field(description="listed faces that are given another's name first")


class SafeDistance(BaseModel):
    """The largest maximum distance with at most `max_false_accept` of strangers given a name."""

    model_config = ConfigDict(extra="forbid")

    max_false_accept: float
    distance: float | None = Field(description="a multiple of 0.001; None: not even 0 is")
    strangers: int
    resolved: bool = Field(description="False: too few strangers to see so small a share")
    false_accept: float | None
    false_accept_interval: Interval | None
    right_name: float | None = Field(description="listed faces whose own name comes first")
    wrong_name: float | None
    extrapolated: dict[int, Interval] = Field(
        description="performers in a database -> strangers given a name at this distance, 95%"
    )


def curve(named: SearchResults, strangers: SearchResults) -> list[CurvePoint]:
    """`named`: faces searched without themselves; `strangers`: without their performer."""
    return [_curve_point(step / STEPS, named, strangers) for step in range(STEPS + 1)]


def _curve_point(distance: float, named: SearchResults, strangers: SearchResults) -> CurvePoint:
    return CurvePoint(
        distance=distance,
        false_accept=share(strangers.best <= distance),
        false_reject=share(named.own > distance),
        wrong_name=share((named.best <= distance) & (named.rank > 1)),
    )


def safe_distances(
    named: SearchResults, strangers: SearchResults, performers: int
) -> list[SafeDistance]:
    """One for each of TARGETS. `performers`: how many the release has, each stranger's included."""
    return [_safe(target, named, strangers, performers) for target in TARGETS]


def _safe(
    target: float, named: SearchResults, strangers: SearchResults, performers: int
) -> SafeDistance:
    best = np.sort(strangers.best)
    allowed = int(np.floor(target * len(best) + 1e-9))
    distance = _largest_below(best[allowed] if allowed < len(best) else np.inf)
    at = -1.0 if distance is None else distance
    accepted = strangers.best <= at
    known = interval(accepted)
    right = (named.rank == 1) & (named.own <= at)
    return SafeDistance(
        max_false_accept=target,
        distance=distance if len(best) else None,
        strangers=len(best),
        resolved=target * len(best) >= 1,
        false_accept=share(accepted),
        false_accept_interval=known,
        right_name=share(right),
        wrong_name=share((named.best <= at) & (named.rank > 1)),
        extrapolated=_extrapolated(known, performers),
    )


def _largest_below(distance: float) -> float | None:
    """The largest multiple of 0.001 that is less than `distance`, from 0 to 1."""
    steps = min(int(np.ceil(min(distance, 2.0) * _FINENESS - 1e-6)) - 1, _FINENESS)
    return steps / _FINENESS if steps >= 0 else None


def _extrapolated(known: Interval | None, performers: int) -> dict[int, Interval]:
    """By the chance that one performer is near enough: 1 - (1 - chance) ** performers.

    A stranger was searched among all performers but one. `known`: the share measured, 95%.
    """
    if known is None or performers < 2:
        return {}
    low, high = (np.log1p(-min(rate, 1 - 1e-12)) / (performers - 1) for rate in known)
    sizes = sorted({performers, *(size for size in _SIZES if size > performers)})
    return {n: (float(-np.expm1(low * n)), float(-np.expm1(high * n))) for n in sizes}


def write_calibration(
    directory: Path,
    points: Sequence[CurvePoint],
    safe: Sequence[SafeDistance],
    note: str,
    scene_queries: Mapping[str, BaseModel] = MappingProxyType({}),
) -> None:
    """`calibration.json` beside the six files of a release; tools of others may read it."""
    manifest = read_manifest(directory)
    models: dict[str, Any] = manifest.models
    write_json(
        directory / CALIBRATION_JSON,
        {
            "version": manifest.version,
            "model_pack": models.get("pack", models.get("id")),
            "performers": manifest.performer_count,
            "faces": manifest.face_count,
            "distance": (
                f"1 - cosine, {contract.FUSION_WEIGHT:g} of either model, as the sidecar fuses them"
            ),
            "safe_distances": [entry.model_dump(mode="json") for entry in safe],
            "scene_queries": {
                kind: figures.model_dump(mode="json") for kind, figures in scene_queries.items()
            },
            "curve": [point.model_dump(mode="json") for point in points],
            "note": note,
        },
    )
