"""What goes on now: a run with its stages, or when the next one begins."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from reports import next_build, parts, text
from reports.queries import runs as run_queries
from reports.queries import state
from trainer.staging.clock import now
from trainer.staging.paths import DataDir

EVERY = 5  # seconds between two looks at a run that goes on


@st.fragment(run_every=EVERY)
def show(where: DataDir) -> None:
    """Refreshes itself; the whole page follows when a run begins or ends."""
    runs = run_queries.summaries(where).runs
    going = state.running(where, runs)
    name = going.run.run_id if going else ""
    if st.session_state.get("running", name) != name:
        st.session_state["running"] = name
        st.rerun()
    st.session_state["running"] = name
    with st.container(border=True):
        if going:
            running(going, now())
            parts.link("run", "Open the run", ":material/open_in_full:", run_id=going.run.run_id)
        else:
            idle()


def idle() -> None:
    planned = next_build.planned()
    said = f"Next build {parts.when(planned.at)}." if planned.at else "No build is running."
    st.markdown(f":material/bedtime: **Idle.** {said}", help=parts.in_utc(planned.at))
    if planned.reason:
        st.caption(text.markdown(planned.reason))
    parts.link("new_build", "Start a build", ":material/add:")


def running(going: state.Running, at: datetime) -> None:
    """A run that goes on: each open stage with its count, rate and time left."""
    started, took = parts.when(going.run.started), text.duration(going.run.seconds(at))
    st.markdown(
        f":material/progress_activity: **Running** since {started} ({took})",
        help=parts.in_utc(going.run.started),
    )
    parts.problems(going.problems)
    for stage, figures in going.stages.items():
        st.progress(figures.share, stage_line(stage, figures))
    if not going.stages:
        st.caption("Between two steps: no step counts at the moment.")
    if going.is_quiet(at):
        last = parts.when(going.last_sign)
        st.warning(
            f"Nothing was written since {last}. The run may have died: look at it in Airflow, or "
            "at the terminal that started it.",
            icon=":material/heart_broken:",
        )


def stage_line(stage: str, figures: state.Figures) -> str:
    """`stashdb: 2,340 of 75,000 performers, 4.1 a second, 5 h left`"""
    name = stage.removeprefix("staging/").removeprefix("working/")
    known = [f"{name}: {figures.done:,} of {figures.total:,} {figures.unit}"]
    if figures.rate_per_second:
        known.append(f"{figures.rate_per_second:,.1f} a second")
    if figures.seconds_left:
        known.append(f"{text.duration(figures.seconds_left)} left")
    return text.markdown(", ".join(known))
