"""When the steps of a run ran."""

from __future__ import annotations

import streamlit as st

from reports import charts, parts, text
from reports.queries.steps import timeline
from trainer.runs.record import RunRecord
from trainer.staging.clock import now
from trainer.staging.paths import RunDir


def show(run: RunDir, record: RunRecord) -> None:
    spans, measured = timeline(run, record, now())
    begin = text.moment(record.started_at)
    if begin is None or not spans:
        st.caption("No step has ended yet.")
        return
    charts.gantt(
        [
            {
                "label": text.words(span.label),
                "start": (span.start - begin).total_seconds(),
                "end": (span.end - begin).total_seconds(),
                "took": text.duration(span.seconds),
                "began": parts.when(span.start),
                "utc": parts.in_utc(span.start),
                "status": span.status,
            }
            for span in spans
        ]
    )
    if not measured:
        st.caption(
            "The times between steps are not known any more: each bar begins where the steps that "
            "it waits for end."
        )
    longest = max(spans, key=lambda span: span.seconds)
    st.caption(f"Longest: {text.markdown(longest.label)}, {text.duration(longest.seconds)}.")
