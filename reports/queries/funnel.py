"""How far the images of a run came, and why the others did not, in the order they go."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from trainer.faces.select import ACCEPTED, OVER, TOO_SMALL
from trainer.runs.record import RunRecord

WAY = ("fetched", "face", "quality", "trust", "selected")
MEANING = {
    "fetched": "images that were fetched",
    "face": "faces found in them",
    "quality": "faces large enough",
    "trust": "faces held to be the performer's",
    "selected": "faces kept for the release",
}
_NO_FACE = {"no_face", "not_embedded"}


class Loss(NamedTuple):
    """`count` images or faces that did not reach `stage`, because of `reason`."""

    source: str
    stage: str
    reason: str
    images: int


def sources(record: RunRecord) -> list[str]:
    return sorted({*record.stages, *record.funnel})


def way(record: RunRecord, source: str | None = None) -> dict[str, int]:
    """Count by stage, of one source or of all; empty where nothing was selected yet."""
    found: Counter[str] = Counter()
    for name, counts in record.stages.items():
        if source in (None, name):
            found.update({stage: counts.get(stage, 0) for stage in WAY})
    return {stage: found[stage] for stage in WAY} if found else {}


def losses(record: RunRecord, source: str | None = None) -> list[Loss]:
    """In the order of the stages, the largest of each first."""
    found = [
        Loss(name, lost_at(rule), words(rule), count)
        for name, rules in record.funnel.items()
        if source in (None, name)
        for rule, count in rules.items()
        if rule not in ACCEPTED
    ]
    return sorted(found, key=lambda loss: (WAY.index(loss.stage), -loss.images, loss.reason))


def by_reason(found: list[Loss]) -> list[Loss]:
    """`losses` of several sources added up; `source` is empty."""
    total: Counter[tuple[str, str]] = Counter()
    for loss in found:
        total[loss.stage, loss.reason] += loss.images
    rows = [Loss("", stage, reason, count) for (stage, reason), count in total.items()]
    return sorted(rows, key=lambda loss: (WAY.index(loss.stage), -loss.images, loss.reason))


def lost_at(rule: str) -> str:
    """The stage that an image with this rule did not reach."""
    if rule in _NO_FACE or rule.startswith("refused"):
        return "face"
    if rule == TOO_SMALL:
        return "quality"
    return "selected" if rule in OVER else "trust"


def words(rule: str) -> str:
    return rule.replace("_", " ")
