"""When the steps of a run ran."""

from __future__ import annotations

import streamlit as st

from reports import charts, parts, text
from reports.queries.steps import Span, timeline
from trainer.runs.record import RunRecord
from trainer.staging.clock import now
from trainer.staging.paths import RunDir


def show(run: RunDir, record: RunRecord) -> None:
    spans, measured = timeline(run, record, now())
    begin = text.moment(record.started_at)
    if begin is None or not spans:
        st.caption("No step has ended yet.")
        return
    longest = max(spans, key=lambda span: span.seconds)
    unit, seconds = charts.unit_of(max((span.end - begin).total_seconds() for span in spans))
    charts.gantt(
        [
            {
                "label": label_of(span),
                "start": (span.start - begin).total_seconds() / seconds,
                "end": (span.end - begin).total_seconds() / seconds,
                "took": text.duration(span.seconds),
                "began": parts.when(span.start),
                "utc": parts.in_utc(span.start),
                "status": span.status,
            }
            for span in spans
        ],
        unit,
    )
    if not measured:
        st.caption(
            "The times between steps are not known any more: each bar begins where the steps that "
            "it waits for end."
        )
    st.caption(f"Longest: {text.markdown(label_of(longest))}, {text.duration(longest.seconds)}.")


def label_of(span: Span) -> str:
    """`crawl stashdb`, `plan embed`; of a reference site, too, that it is crawled."""
    label = span.label.replace("crawl_references-", "crawl-", 1)
    return text.words(label).replace("-", " ", 1)
