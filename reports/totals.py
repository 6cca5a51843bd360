"""The current release in figures, beside the one before."""

from __future__ import annotations

import streamlit as st

from reports import parts, text
from reports.data import Release
from reports.queries.runs import RunSummary
from trainer.staging.clock import now


def show(releases: list[Release], runs: list[RunSummary], current_is_there: bool) -> None:
    """Nothing is said of a current release that is gone: that is a problem of its own."""
    current = next((r for r in releases if r.current), None)
    if current is None:
        if current_is_there:
            st.info("No release is published yet. A finished run publishes one, or says why not.")
        return
    parts.problems(current.problems)
    older = next((r for r in releases if r.version_id < current.version_id), None)
    with st.container(horizontal=True):
        _figures(current, older)
        _last(runs)
    version = current.manifest.version if current.manifest else current.version_id
    beside = f", compared with {older.version_id}" if older else ", the first"
    st.caption(text.markdown(f"Release {version} ({current.version_id}){beside}"))


def _figures(current: Release, older: Release | None) -> None:
    _count("Performers", current.performers, older.performers if older else None)
    _count("Faces", current.faces, older.faces if older else None)
    e, before = current.evaluation, older.evaluation if older else None
    rank, accepts = (before.rank_1, before.false_accept) if before else (None, None)
    _share("Rank-1", e.rank_1, rank, "normal", "Faces named right")
    said = "Strangers given a name at distance 0.5"
    _share("False accepts", e.false_accept, accepts, "inverse", said)


def _last(runs: list[RunSummary]) -> None:
    if runs:
        took, started = text.duration(runs[0].seconds(now())), parts.in_utc(runs[0].started)
        st.metric("Last run", took, border=True, height="stretch", help=started)


def _count(label: str, value: int | None, before: int | None) -> None:
    st.metric(label, text.number(value), text.change(value, before), border=True, height="stretch")


def _share(
    label: str, value: float | None, before: float | None, colour: str, help_text: str
) -> None:
    st.metric(
        label,
        text.percent(value),
        text.points(value, before),
        delta_color=colour,  # type: ignore[arg-type]
        help=help_text,
        border=True,
        height="stretch",
    )
