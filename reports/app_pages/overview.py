"""What goes on now, how the sources are, what waits for a person."""

from __future__ import annotations

import streamlit as st

from reports import data, first_steps, parts, running, text, totals
from reports.queries import runs as run_queries
from reports.queries import sources, state
from reports.queries.runs import RunSummary
from trainer.staging.paths import DataDir

_SHOWN = {  # state of a source -> icon, colour
    "good": ("check_circle", "green"),
    "partial": ("error", "orange"),
    "failed": ("cancel", "red"),
    "blocked": ("block", "red"),
    "skipped": ("skip_next", "gray"),
    "never visited": ("schedule", "gray"),
    "off": ("power_settings_new", "gray"),
}


def show() -> None:
    st.title("Overview")
    where = data.data_dir()
    releases, (runs, damaged) = data.releases(where), run_queries.summaries(where)
    first_steps.show(where)
    if not releases and not runs and not damaged:
        parts.empty()
        return
    running.show(where)
    parts.problems(damaged)
    lost = data.lost_current(where)
    parts.problems([lost] if lost else [])
    totals.show(releases, runs, lost is None)
    _waiting(runs)
    _sources(where, runs)
    if runs:
        st.subheader("Last runs")
        st.caption("Select a row to open the run.")
        parts.run_table(runs[:5], "last_runs")


def _waiting(runs: list[RunSummary]) -> None:
    candidates, reviews = state.waiting(runs)
    if not candidates and not reviews:
        return
    st.subheader("Waits for a person")
    for run in candidates:
        st.warning(
            f"A candidate: {parts.title_of(run)}. The gate held its release back. "
            f"`trainer approve {text.plain(run.run_id)}` publishes it, `trainer reject "
            f"{text.plain(run.run_id)} --reason ...` does not.",
            icon=":material/approval:",
        )
        parts.link("run", "See why", ":material/rule:", run_id=run.run_id)
    if candidates:
        parts.link("candidates", "Decide", ":material/approval:")
    if reviews:
        kinds = ", ".join(f"{n:,} {text.words(kind)}" for kind, n in sorted(reviews.items()))
        items = text.counted(sum(reviews.values()), "review item")
        st.markdown(f":material/rate_review: **{items}**: {text.markdown(kinds)}")
        parts.link("review", "Review them", ":material/rule:")


def _sources(where: DataDir, runs: list[RunSummary]) -> None:
    st.subheader("Sources")
    rows, problems = sources.health(where, runs)
    parts.problems(problems)
    with st.container(horizontal=True, gap="small"):
        for row in rows:
            icon, colour = _SHOWN[row.state]
            seen = f"Last good crawl: {parts.when(row.last_good)}"
            st.badge(
                text.markdown(row.source),
                icon=f":material/{icon}:",
                color=colour,  # type: ignore[arg-type]
                help=text.markdown(f"{row.state}. {seen}. {row.reason}"),
            )
    ill = [row for row in rows if row.state != "good"]
    good = f"{len(rows) - len(ill)} of {len(rows)} sources are good."
    st.caption(f"{good} The others, and why, are below." if ill else good)
    with st.expander("All sources: last good crawl, state, reason", expanded=bool(ill)):
        parts.table(
            [
                {
                    "Source": row.source,
                    "State": row.state,
                    "Last good crawl": row.last_good,
                    "Performers": row.performers,
                    "Reason": row.reason,
                }
                for row in rows
            ]
        )
