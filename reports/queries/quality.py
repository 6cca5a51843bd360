"""How good the releases are, one row each, and the error curve of one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from reports import text
from reports.data import Release
from reports.figures import SCENE_DISTANCE, Evaluation, OperatingPoint
from reports.queries.runs import RunSummary
from trainer.errors import TrainerError
from trainer.faces.absent import ABSENT_FILE, read_absent
from trainer.staging.paths import DataDir
from trainer.staging.stamped import Kept

# Distances that something is decided by.
THRESHOLDS = {
    "gate, and scenes in the sidecar": float(SCENE_DISTANCE),
    "sidecar's default": 0.8,
}
SCENES = ((0, "no scene"), (10, "1 to 9"), (50, "10 to 49"), (200, "50 to 199"))
MOST_LISTED = 200


class Quality(NamedTuple):
    """A release's figures, None where it was not measured."""

    release: str
    at: datetime | None
    performers: int | None
    faces: int | None
    faces_each: float | None
    one_face_share: float | None
    rank_1: float | None
    rank_1_interval: tuple[float, float] | None
    false_accept: float | None
    false_accept_interval: tuple[float, float] | None
    recall: float | None


class Missing(NamedTuple):
    """Who was resolved and has no face in the release."""

    run_id: str
    by_scenes: list[tuple[str, str, int]]  # scenes, reason, performers
    listed: list[dict[str, Any]]


def over_releases(releases: list[Release]) -> list[Quality]:
    """The oldest first."""
    return [_quality(release) for release in reversed(releases)]


def _quality(release: Release) -> Quality:
    e, manifest = release.evaluation, release.manifest
    each = None
    if manifest and manifest.performer_count:
        each = manifest.face_count / manifest.performer_count
    point = e.judged_point
    return Quality(
        release.version_id,
        text.moment(manifest.created_at) if manifest else None,
        release.performers,
        release.faces,
        each,
        e.one_face_share,
        e.rank_1,
        e.closed_set.rank_1_interval,
        point.false_accept if point else None,
        point.false_accept_interval if point else None,
        e.recall,
    )


def error_curve(evaluation: Evaluation) -> list[OperatingPoint]:
    """Error rates by maximum distance: the fine curve, or the few points that were measured."""
    return evaluation.curve or evaluation.open_set.points


def pair_shares(evaluation: Evaluation) -> list[dict[str, Any]]:
    """The share of genuine and of impostor pairs at each distance, as far as there are any."""
    found = evaluation.pair_distances
    if found is None:
        return []
    rows = []
    for what, counts in (("one person", found.genuine), ("two people", found.impostor)):
        total, last = sum(counts), max((i for i, n in enumerate(counts) if n), default=-1)
        rows += [
            {"what": what, "distance": (i + 0.5) * found.step, "value": count / total}
            for i, count in enumerate(counts[: last + 1])
        ]
    return rows


def missing(data: DataDir, runs: list[RunSummary]) -> tuple[Missing | None, list[str]]:
    """Of the newest run that selected faces; and problems, as sentences."""
    for run in runs:
        path = data.run(run.run_id).select / ABSENT_FILE
        if path.exists():
            try:
                return _missing(path)._replace(run_id=run.run_id), []
            except (TrainerError, OSError, ValueError, pl.exceptions.PolarsError) as error:
                return None, [str(error)]
    return None, []


def _read_missing(path: Path) -> Missing:
    frame = read_absent(path.parent)
    if frame is None:
        return Missing("", [], [])
    counted = frame.group_by(_scenes().alias("scenes"), "reason").len().sort("reason")
    rows = [(scenes, text.words(why), count) for scenes, why, count in counted.iter_rows()]
    return Missing("", rows, frame.head(MOST_LISTED).to_dicts())


_missing = Kept(_read_missing, most=8)


def _scenes() -> pl.Expr:
    """The number of scenes as a range; people in quarantine and unknown ones have none."""
    count = pl.col("scene_count")
    found: Any = pl.when(count.is_null()).then(pl.lit("unknown"))
    for below, label in ((limit or 1, label) for limit, label in SCENES):
        found = found.when(count < below).then(pl.lit(label))
    scenes: pl.Expr = found.otherwise(pl.lit("200 and more"))
    return scenes


def scene_labels() -> list[str]:
    return [*(label for _, label in SCENES), "200 and more", "unknown"]
