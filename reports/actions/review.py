"""Decide what a person has to look at: merge, split, leave as it is, and take it back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reports.actions.reasons import require_reason
from reports.actions.role import require_operator
from reports.actions.stored import stores
from reports.queries.identities import identities
from trainer.config.sources import load_sources
from trainer.identity.confirmations import confirm_face
from trainer.identity.decide import decide_merge, decide_split, spelled_side, undo
from trainer.identity.decisions import Decision, read_identity_decisions
from trainer.identity.dismissed_reviews import DismissedReview, dismiss, dismissed, reopen
from trainer.identity.reviews import Review, read_run_reviews, reviewed
from trainer.pipeline.performer_report import PerformerReport, performer_report
from trainer.pipeline.review_subjects import DoubtedFace, confirm_item
from trainer.runs.order import newest_first
from trainer.staging.clock import iso, now
from trainer.staging.paths import DataDir

NEXT = "the next build applies it"


@dataclass(frozen=True)
class Items:
    """The items of the newest run that has any: those that are open, and those that were left."""

    run_id: str | None
    open: list[Review]
    left: list[DismissedReview]


def items(data: DataDir) -> Items:
    """Raises `DamagedFileError`."""
    known = dismissed(data)
    for run_id in newest_first(data):
        run = data.run(run_id)
        if reviewed(run):
            found = read_run_reviews(run)
            return Items(run_id, [r for r in found if r.key not in known], [*known.values()])
    return Items(None, [], [*known.values()])


def evidence(data: DataDir, review: Review) -> list[PerformerReport]:
    """What is known of each performer that an item is about, in its order."""
    return people(data, review.performers)


@stores("identity merge")
def merge(data: DataDir, one: str, other: str, reason: str) -> str:
    """Decide that two performers are one person; returns a sentence."""
    require_operator()
    decision = decide_merge(data, one, other, require_reason(reason), iso(now()))
    return f"{decision.text()}; {NEXT}"


@stores("identity split")
def split(data: DataDir, records: list[str], reason: str) -> str:
    """Decide that records are of a person of their own; returns a sentence."""
    require_operator()
    decision = decide_split(data, records, require_reason(reason), iso(now()))
    return f"{decision.text()}; {NEXT}"


@stores("reviews confirm")
def confirm(data: DataDir, run_id: str, item: Review, performer: int, reason: str) -> str:
    """Decide that an item's page or face is the performer's; returns a sentence."""
    require_operator()
    why = require_reason(reason)
    decision = confirm_item(data, data.run(run_id), item, performer, why, iso(now()))
    return f"{decision.text()}; {NEXT}"


@stores("reviews confirm-face")
def confirm_doubted(data: DataDir, face: DoubtedFace, reason: str) -> str:
    """Decide that a face that was kept out is its performer's; returns a sentence."""
    require_operator()
    why, at = require_reason(reason), iso(now())
    decision = confirm_face(data, face.image_sha256, face.face_no, face.performer_id, why, at)
    return f"{decision.text()}; {NEXT}"


def people(data: DataDir, performers: Iterable[int | None]) -> list[PerformerReport]:
    """What is known of each performer, once each, in this order."""
    sources, known = load_sources(data.root), identities(data)
    numbers = dict.fromkeys(known.current(n) for n in performers if n is not None)
    return [performer_report(data, sources, known, number) for number in numbers]


@stores("reviews leave")
def leave(data: DataDir, key: str, reason: str) -> str:
    """Ask no more about an item while nothing changes; returns a sentence."""
    require_operator()
    found = dismiss(data, items(data).open, key, require_reason(reason), iso(now()))
    return f"{found.kind.replace('_', ' ')} is left as it is: {found.text}"


@stores("reviews ask")
def ask_again(data: DataDir, key: str) -> str:
    require_operator()
    reopen(data, key)
    return "the item is asked again"


@stores("identity undo")
def take_back(data: DataDir, number: int) -> str:
    """Undo decision `number`; returns a sentence."""
    require_operator()
    opposite = undo(data, number, iso(now()))
    done = f"decision {number} is taken back"
    return f"{done}: {opposite.text()}; {NEXT}" if opposite else done


def decisions(data: DataDir) -> list[Decision]:
    """Newest first, those taken back, too."""
    return sorted(read_identity_decisions(data, undone=True), key=lambda d: -d.number)


def sides(decision: Decision) -> str:
    between = " and " if decision.action == "merge" else " from "
    return between.join(spelled_side(side) for side in decision.sides)
