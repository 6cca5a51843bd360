"""What goes on now, how the sources are, what waits for a person."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from reports import data, parts, text
from reports.data import Release
from reports.queries import runs as run_queries
from reports.queries import sources, state
from reports.queries.runs import RunSummary
from trainer.config.environment import environment
from trainer.config.settings import Settings
from trainer.services.first_steps import first_steps
from trainer.services.surroundings import GIVEN_KEYS
from trainer.staging.clock import now
from trainer.staging.paths import DataDir

EVERY = 5  # seconds between two looks at a run that goes on
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
    parts.problems(before_a_build())
    if not releases and not runs and not damaged:
        parts.empty()
        return
    _now(where)
    parts.problems(damaged)
    lost = data.lost_current(where)
    parts.problems([lost] if lost else [])
    _totals(releases, runs, lost is None)
    _waiting(runs)
    _sources(where, runs)
    if runs:
        st.subheader("Last runs")
        st.caption("Select a row to open the run.")
        parts.run_table(runs[:5], "last_runs")


def before_a_build() -> list[str]:
    """What a first build still needs, where the containers tell these pages which keys it has."""
    given = environment()
    return first_steps(Settings.load(), given) if GIVEN_KEYS in given else []


@st.fragment(run_every=EVERY)
def _now(where: DataDir) -> None:
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
        else:
            st.markdown(":material/bedtime: **Idle.** No build is running.")


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
    parts.link("run", "Open the run", ":material/open_in_full:", run_id=going.run.run_id)


def stage_line(stage: str, figures: state.Figures) -> str:
    """`stashdb: 2,340 of 75,000 performers, 4.1 a second, 5 h left`"""
    name = stage.removeprefix("staging/").removeprefix("working/")
    known = [f"{name}: {figures.done:,} of {figures.total:,} {figures.unit}"]
    if figures.rate_per_second:
        known.append(f"{figures.rate_per_second:,.1f} a second")
    if figures.seconds_left:
        known.append(f"{text.duration(figures.seconds_left)} left")
    return text.markdown(", ".join(known))


def _totals(releases: list[Release], runs: list[RunSummary], current_is_there: bool) -> None:
    current = next((r for r in releases if r.current), None)
    if current is None:
        if current_is_there:
            st.info("No release is published yet. A finished run publishes one, or says why not.")
        return
    parts.problems(current.problems)
    older = next((r for r in releases if r.version_id < current.version_id), None)
    version = current.manifest.version if current.manifest else current.version_id
    e, before = current.evaluation, older.evaluation if older else None
    with st.container(horizontal=True):
        _count("Performers", current.performers, older.performers if older else None)
        _count("Faces", current.faces, older.faces if older else None)
        _share("Rank-1", e.rank_1, before.rank_1 if before else None, "normal", "Faces named right")
        _share(
            "False accepts",
            e.false_accept,
            before.false_accept if before else None,
            "inverse",
            "Strangers given a name at distance 0.5",
        )
        last = runs[0] if runs else None
        if last:
            took = text.duration(last.seconds(now()))
            st.metric(
                "Last run", took, border=True, height="stretch", help=parts.in_utc(last.started)
            )
    beside = f", compared with {older.version_id}" if older else ", the first"
    st.caption(text.markdown(f"Release {version} ({current.version_id}){beside}"))


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
    if reviews:
        kinds = ", ".join(f"{n:,} {text.words(kind)}" for kind, n in sorted(reviews.items()))
        items = text.counted(sum(reviews.values()), "review item")
        st.markdown(f":material/rate_review: **{items}**: {text.markdown(kinds)}")


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
