"""evaluate: how good the release is, and what it changes against the last one."""

from __future__ import annotations

from typing import Any

from trainer.pipeline.context import RunContext
from trainer.pipeline.run import Say
from trainer.pipeline.why import RunReasons
from trainer.reasons import in_words
from trainer.release.contract import MAX_DISTANCE, SCENE_DISTANCE
from trainer.release.diff import compare, write_diff
from trainer.release.evaluate import evaluate
from trainer.release.evaluation import Evaluation, write_evaluation
from trainer.release.files import require_intact
from trainer.staging.progress import Progress

SEED = 20260101
SAMPLE = 2_000


def run(context: RunContext, say: Say) -> dict[str, Any]:
    if context.data.release(context.plan.version_id).exists():
        return context.result("evaluate") or {}
    directory, last = context.run.release, context.base_release
    progress = Progress(context.run.working("evaluate"), "searches", say)

    def advance(count: int, total: int) -> None:
        progress.total = total
        progress.advance(count)

    measured = evaluate(directory, seed=SEED, sample=SAMPLE, previous=last, advance=advance)
    progress.finish()
    write_evaluation(directory, measured)
    if last is not None:
        require_intact(last)
    changes = compare(last, directory, RunReasons(context))
    write_diff(directory, changes)
    for line in changes.describe():
        say(f"diff: {line}")
    figures = summary(measured) | {"removed": changes.counts["removed"]}
    say(f"evaluate: {in_words(figures)}")
    return figures


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
        "index_recall": measured.index_recall,
        "one_face_share": measured.one_face_share,
        "note": measured.note,
    }
