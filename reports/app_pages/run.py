"""One run: when its steps ran, what each source gave, what became of images, what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import streamlit as st

from reports import acting, data, parts, running, stop_button, text
from reports.queries import runs as run_queries
from reports.queries import state
from reports.queries.runs import RunSummary
from reports.run_tabs import changes, errors, images, log, measured, review, sources, steps
from trainer.config.settings import Settings
from trainer.errors import TrainerError
from trainer.runs.record import RunRecord, read_record
from trainer.staging.clock import now
from trainer.staging.paths import DataDir
from trainer.staging.stamped import Kept

TABS = {
    "Steps": "view_timeline",
    "Sources": "public",
    "Images": "filter_alt",
    "Changes": "difference",
    "Errors": "error",
    "Log": "terminal",
    "Review": "rate_review",
    "Quality": "monitoring",
    "Parameters": "tune",
}
_record = Kept(read_record, most=20)


def show() -> None:
    acting.done()
    where = data.data_dir()
    runs, damaged = run_queries.summaries(where)
    wanted = st.query_params.get("run_id")
    run = data.find_run(runs, wanted) if wanted else None
    if run is None:
        run = _without(runs, damaged, wanted)
    if run is None:
        return
    if wanted:
        st.title(parts.title_of(run), help=parts.in_utc(run.started))
    try:
        record = _record(where.run(run.run_id).record)
    except TrainerError as error:
        parts.problems([str(error)])
        return
    _head(run, record, wanted)
    if run.status == "running":
        stop_button.show(where.run(run.run_id))
        _live(where, run.run_id)
    elif run.status == "failed":
        stop_button.go_on(where.run(run.run_id))
    _tabs(where, runs, run, record)


def _without(runs: list[RunSummary], damaged: list[str], wanted: str | None) -> RunSummary | None:
    """Where the address names no run that is known."""
    st.title("Run")
    if wanted:
        named = [line for line in damaged if f"/{run_queries.known_as(wanted)}/" in line]
        parts.problems(named)
        if not named:
            _awaited(wanted)
        return None
    parts.problems(damaged)
    if not runs and not damaged:
        parts.empty()
    return _choose(runs) if runs else None


@st.fragment(run_every=5)
def _awaited(wanted: str) -> None:
    """Looks again until the run's first step has begun."""
    if data.find_run(run_queries.summaries(data.data_dir()).runs, wanted):
        st.rerun()
    st.info(
        f"Run {text.markdown(wanted)} has no record yet: it appears here when its first step "
        "starts, some seconds after the build was started.",
        icon=":material/hourglass_top:",
    )


def _choose(runs: list[RunSummary]) -> RunSummary:
    by_id = {run.run_id: run for run in runs}
    chosen = st.selectbox(
        "Which run", list(by_id), format_func=lambda name: parts.title_of(by_id[name])
    )
    return by_id[chosen]


def _head(run: RunSummary, record: RunRecord, airflow_run: str | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        parts.status_badge(run.status)
        took = "has run for" if run.status == "running" else "took"
        facts = [
            f"{took} **{text.duration(run.seconds(now()))}**",
            f"{text.counted(run.stats.performers_processed, 'performer')} read",
            text.counted(run.stats.errors, "error"),
        ]
        if record.release:
            name = record.version or record.release
            facts.append(f"published as {text.markdown(name)}")
        st.markdown(" · ".join(facts))
    st.caption(text.markdown(run.id))
    if record.rejected_because:
        st.info(f"Rejected: {text.markdown(record.rejected_because)}")
    _airflow(st.query_params.get("dag_id"), airflow_run)


def _airflow(dag_id: str | None, run_id: str | None) -> None:
    base = (Settings.load().airflow_url or "").rstrip("/")
    if base and dag_id and run_id:
        url = f"{base}/dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}"
        st.link_button("Open in Airflow", url, icon=":material/open_in_new:")


@st.fragment(run_every=5)
def _live(where: DataDir, run_id: str) -> None:
    runs = run_queries.summaries(where).runs
    going = state.running(where, [r for r in runs if r.run_id == run_id])
    if going is None:
        st.rerun()
    else:
        with st.container(border=True):
            running.running(going, now())


def _tabs(where: DataDir, runs: list[RunSummary], run: RunSummary, record: RunRecord) -> None:
    """Only the tab that is open is worked out."""
    place = where.run(run.run_id)
    before = run_queries.previous_of(runs, run.run_id)
    fill: dict[str, Callable[[], None]] = {
        "Steps": lambda: steps.show(place, record),
        "Sources": lambda: sources.show(record),
        "Images": lambda: images.show(where, record),
        "Changes": lambda: changes.show(record, before),
        "Errors": lambda: errors.show(record),
        "Log": lambda: log.show(place, run.status == "running"),
        "Review": lambda: review.show(where, record),
        "Quality": lambda: measured.show(record),
        "Parameters": lambda: _parameters(record),
    }
    count = sum(error.count for error in record.errors)
    for name, tab in parts.tabs(TABS, "run_tab", {"Errors": f"Errors ({count:,})"}).items():
        with tab:
            fill[name]()


def _parameters(record: RunRecord) -> None:
    if record.params:
        parts.table([{"Parameter": k, "Value": str(v)} for k, v in record.params.items()])
    else:
        st.caption("None were noted: the run failed before it had a plan.")
