"""When the steps of a run ran, for the picture of its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from reports import text
from trainer.config.pipeline import STEPS
from trainer.runs.record import RunRecord, StepRecord
from trainer.staging.paths import RunDir

_SLACK = timedelta(minutes=2)
_AFTER = {step.name: step.after for step in STEPS}


class Span(NamedTuple):
    """One bar: `label` of the step named `step`."""

    step: str
    label: str
    start: datetime
    end: datetime
    status: str

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


class Timeline(NamedTuple):
    """`measured`: by the time each step was written down; else by what each waits for."""

    spans: list[Span]
    measured: bool


def order(label: str) -> tuple[int, str]:
    """Steps as they run; `crawl-stashdb` belongs to the step `crawl`."""
    names = list(_AFTER)
    step = step_of(label)
    return (names.index(step) if step in _AFTER else len(names), label)


def step_of(label: str) -> str:
    own = [n for n in _AFTER if label == n or label.startswith(f"{n}-")]
    return max(own, key=len, default=label)


def timeline(run: RunDir, record: RunRecord, now: datetime) -> Timeline:
    """The steps in order. A step that failed, or goes on, lasts until the run's end, or `now`."""
    begin = text.moment(record.started_at)
    if begin is None or not record.steps:
        return Timeline([], measured=False)
    end = text.moment(record.completed_at) or now
    known = _by_markers(run, record, begin, end)
    measured = known is not None
    spans = known if known is not None else _by_order(record, begin)
    latest = max((span.end for span in spans), default=begin)
    spans += [
        Span(step_of(label), label, latest, max(end, latest), step.status)
        for label, step in record.steps.items()
        if step.seconds is None
    ]
    return Timeline(sorted(spans, key=lambda s: order(s.label)), measured)


def _timed(record: RunRecord) -> list[tuple[str, StepRecord, timedelta]]:
    return [
        (label, step, timedelta(seconds=step.seconds))
        for label, step in sorted(record.steps.items(), key=lambda item: order(item[0]))
        if step.seconds is not None
    ]


def _by_markers(
    run: RunDir, record: RunRecord, begin: datetime, end: datetime
) -> list[Span] | None:
    """None where markers are gone, or were copied at another time than the run's."""
    spans = []
    for label, step, took in _timed(record):
        try:
            written = run.step(label).stat().st_mtime
        except OSError:
            return None
        at = datetime.fromtimestamp(written, UTC)
        if not begin - _SLACK <= at - took or at > end + _SLACK:
            return None
        spans.append(Span(step_of(label), label, max(at - took, begin), at, step.status))
    return spans


def _by_order(record: RunRecord, begin: datetime) -> list[Span]:
    """Each step as soon as what it waits for is done; mapped ones beside each other."""
    spans: list[Span] = []
    for label, step, took in _timed(record):
        waits = _AFTER.get(step_of(label), ())
        start = max((s.end for s in spans if s.step in waits), default=begin)
        spans.append(Span(step_of(label), label, start, start + took, step.status))
    return spans
