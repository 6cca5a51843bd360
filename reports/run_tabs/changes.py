"""What a run changed against the release before."""

from __future__ import annotations

import streamlit as st

from reports import parts, text
from reports.queries.runs import RunSummary
from trainer.runs.record import RunRecord


def show(record: RunRecord, previous: RunSummary | None) -> None:
    diff = record.diff_from_previous
    if diff is None:
        st.caption("This run built no release, or there was none to compare it with.")
        return
    figures = {
        "New performers": diff.new_performers,
        "Removed": diff.removed_performers,
        "Merged": diff.merged_performers,
        "New faces": diff.new_faces,
        "Removed faces": diff.removed_faces,
    }
    with st.container(horizontal=True):
        for label, value in figures.items():
            st.metric(label, text.number(value), border=True)
    if record.release and previous and previous.release:
        st.caption(f"Compared with the release of the {parts.title_of(previous).lower()}.")
        parts.link(
            "versions",
            "See who and what changed",
            ":material/difference:",
            newer=record.release,
            older=previous.release,
        )
    elif record.release:
        st.caption("The first release: everything is new.")
