"""evaluate: how good the release is, and what it changes against the last one."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from trainer.identity.dismissed_reviews import dismissed, still_open
from trainer.identity.reviews import REVIEWS_FILE, read_reviews
from trainer.pipeline.absence_reasons import RunReasons
from trainer.pipeline.scene_queries import read_scene_queries
from trainer.reasons import in_words
from trainer.release.calibration import write_calibration
from trainer.release.contract import INDEXES, MAX_DISTANCE, SCENE_DISTANCE
from trainer.release.diff import compare, write_diff
from trainer.release.evaluate import evaluate
from trainer.release.evaluation import CapCost, Evaluation, write_evaluation
from trainer.release.files import require_intact
from trainer.release.scene_queries import scene_note
from trainer.runs.context import RunContext
from trainer.staging.paths import DataDir, RunDir
from trainer.staging.progress import Progress

log = logging.getLogger(__name__)

SEED = 20260101
SAMPLE = 2_000


def run(context: RunContext) -> dict[str, Any]:
    """Write the release's figures and what it changes; return those of the run's record."""
    if context.data.release(context.plan.version_id).exists():
        return context.result("evaluate") or {}
    directory = context.run.release
    measured = _measure(context, directory)
    write_evaluation(directory, measured)
    write_calibration(
        directory,
        measured.curve,
        measured.safe_distances,
        measured.note,
        measured.scene_queries,
    )
    removed = _write_changes(context, directory)
    figures = summary(measured) | {"removed": removed}
    log.info(f"evaluate: {in_words(figures)}")
    copies = {kind: found.model_dump(mode="json") for kind, found in measured.scene_queries.items()}
    if copies:
        ranks = {kind: f"{found.rank_1:.3f}" for kind, found in measured.scene_queries.items()}
        log.info(f"evaluate: rank-1 of degraded copies: {in_words(ranks)}")
    return figures | {"scene_queries": copies}


def _measure(context: RunContext, directory: Path) -> Evaluation:
    """Search the release's own faces, and degraded copies where there are some."""
    progress = Progress(context.run.working("evaluate"), "searches")

    def advance(count: int, total: int) -> None:
        progress.total = total
        progress.advance(count)

    pairs = _pairs(context.data, context.run)
    scene, why_not = read_scene_queries(context, directory)
    measured = evaluate(
        directory,
        seed=SEED,
        sample=SAMPLE,
        previous=context.base_release,
        pairs=pairs,
        scene=scene,
        advance=advance,
    )
    measured.note += scene_note(measured.scene_queries, why_not)
    progress.finish()
    measured.cap_costs = _cap_costs(context.result("select") or {}, directory, measured.faces)
    return measured


def _write_changes(context: RunContext, directory: Path) -> int:
    """Compare the release with the last one; return how many performers it has no more."""
    last = context.base_release
    if last is not None:
        require_intact(last)
    changes = compare(last, directory, RunReasons(context))
    write_diff(directory, changes)
    for line in changes.describe():
        log.info(f"diff: {line}")
    return changes.counts["removed"]


def _cap_costs(chosen: dict[str, Any], directory: Path, faces: int) -> list[CapCost]:
    """What `select` measured, with the size that the indexes would have."""
    size = sum((directory / name).stat().st_size for name in INDEXES)
    return [
        CapCost(**cost, megabytes=round(cost["faces"] * size / faces / 1e6, 1) if faces else None)
        for cost in chosen.get("cap_costs", [])
    ]


def _pairs(data: DataDir, run: RunDir) -> set[tuple[int, int]]:
    """Performers that may be one person, unless somebody looked and left them as two."""
    items = read_reviews(run.select) if (run.select / REVIEWS_FILE).exists() else []
    asked = (i for i in still_open(items, dismissed(data)) if i.kind == "may_be_one_person")
    return {(item.performers[0], item.performers[1]) for item in asked}


def summary(measured: Evaluation) -> dict[str, Any]:
    """The figures that the run's record carries; shares are 0 to 1, None where unmeasurable."""
    return {
        "performers": measured.performers,
        "faces": measured.faces,
        "rank_1": measured.closed_set.rank_1,
        "rank_5": measured.closed_set.rank_5,
        "false_accept": {
            str(limit): measured.at(limit).false_accept for limit in (SCENE_DISTANCE, MAX_DISTANCE)
        },
        "safe_distances": {
            str(safe.max_false_accept): safe.distance for safe in measured.safe_distances
        },
        "pairs_that_may_be_one": measured.pairs_that_may_be_one,
        "index_recall": measured.index_recall,
        "one_face_share": measured.one_face_share,
        "note": measured.note,
    }
