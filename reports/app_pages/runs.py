"""All runs, newest first, and one figure of them over time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import altair as alt
import streamlit as st

from reports import charts, data, parts, text
from reports.queries.runs import RunSummary, matching, summaries
from trainer.staging.clock import now

PERIODS = {"30 days": 30, "A year": 365, "Ever": 0}
MEASURES = ("Duration", "Performers added", "Faces added", "Errors")


def show() -> None:
    """Show all runs; a selected row opens its page."""
    st.title("Runs")
    runs, damaged = summaries(data.data_dir())
    if not runs and not damaged:
        parts.empty()
        return
    parts.problems(damaged)
    if not runs:
        return
    found = _filtered(runs)
    if not found:
        st.info("No run is like that. Take a filter away.", icon=":material/filter_alt_off:")
        return
    st.caption(f"{text.counted(len(found), 'run')}. Select a row to open it.")
    parts.run_table(found, "runs_table")
    st.subheader("Over time")
    measure = st.segmented_control("Show", MEASURES, default=MEASURES[0], key="runs_measure")
    chart(found, measure or MEASURES[0])


def _filtered(runs: list[RunSummary]) -> list[RunSummary]:
    left, middle, right = st.columns([2, 2, 2], vertical_alignment="bottom")
    statuses = left.multiselect(
        "Status", sorted({r.status for r in runs}), format_func=text.words, placeholder="Any"
    )
    known = sorted({source for r in runs for source in r.stats.by_source})
    sources = middle.multiselect("Source", known, placeholder="Any", default=_asked(known))
    period = right.segmented_control("Started within", list(PERIODS), default="Ever")
    days = PERIODS[period or "Ever"]
    return matching(runs, statuses, sources, now() - timedelta(days=days) if days else None)


def _asked(known: list[str]) -> list[str]:
    """`?source=stashdb`"""
    source = st.query_params.get("source")
    return [source] if source in known else []


def chart(runs: list[RunSummary], measure: str) -> None:
    """A bar per run, coloured by how it ended."""
    rows = [row for run in reversed(runs) if (row := _point(run, measure))]
    if not rows:
        st.caption("No run has this figure.")
        return
    title = None
    if measure == "Duration":
        title, seconds = charts.unit_of(max(row["value"] for row in rows))
        rows = [row | {"value": row["value"] / seconds} for row in rows]
    drawn = alt.Chart(charts.frame(rows), height=240).mark_bar(
        size=max(2, min(24, 600 // len(rows)))
    )
    drawn = drawn.encode(
        x=alt.X("at:T", title=None, scale=alt.Scale(padding=20), axis=charts.TIME_AXIS),
        y=alt.Y("value:Q", title=title, axis=alt.Axis(format="~s", tickCount=4, tickMinStep=1)),
        color=charts.status_colour([row["status"] for row in rows]),
        tooltip=[
            alt.Tooltip("local:N", title="Started"),
            alt.Tooltip("utc:N", title="UTC"),
            alt.Tooltip("shown:N", title=measure),
            alt.Tooltip("status:N", title="Status"),
        ],
    )
    st.altair_chart(drawn, width="stretch", alt=f"{measure} of runs over time")


def _point(run: RunSummary, measure: str) -> dict[str, Any] | None:
    seconds = run.seconds(now())
    value, shown = {
        "Duration": (seconds, text.duration(seconds)),
        "Performers added": (run.performers_added, text.number(run.performers_added)),
        "Faces added": (run.faces_added, text.number(run.faces_added)),
        "Errors": (run.stats.errors, text.number(run.stats.errors)),
    }[measure]
    if value is None or run.started is None:
        return None
    return {
        "at": run.started,
        "value": value,
        "shown": shown,
        "status": text.words(run.status),
        "local": parts.when(run.started),
        "utc": parts.in_utc(run.started),
    }
