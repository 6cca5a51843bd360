"""Pieces that several pages share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import polars as pl
import streamlit as st

from reports import charts, text
from reports.queries.runs import RunSummary
from trainer.staging.clock import now

STATUS = {
    "running": (":material/progress_activity:", "blue"),
    "completed": (":material/check_circle:", "green"),
    "partial": (":material/error:", "orange"),
    "failed": (":material/cancel:", "red"),
    "needs_approval": (":material/approval:", "orange"),
    "rejected": (":material/block:", "gray"),
}


def status_badge(status: str) -> None:
    icon, color = STATUS.get(status, (":material/help:", "gray"))
    st.badge(text.markdown(text.words(status)), icon=icon, color=color)  # type: ignore[arg-type]


def problems(sentences: Sequence[str]) -> None:
    """Say which files can't be read; the page goes on. Many are folded into one."""
    if len(sentences) > 3:
        with st.expander(f"{len(sentences):,} files can't be read", icon=":material/broken_image:"):
            _warn(sentences)
    else:
        _warn(sentences)


def _warn(sentences: Sequence[str]) -> None:
    for sentence in sentences:
        st.warning(text.markdown(sentence), icon=":material/broken_image:")


def table(rows: Sequence[dict[str, Any]], **options: Any) -> Any:
    """A table of plain text, numbers and times: cells are never interpreted."""
    config = moments(rows) | options.pop("column_config", {})
    cells = [{k: text.cell(v) if isinstance(v, str) else v for k, v in r.items()} for r in rows]
    return st.dataframe(
        charts.frame(cells), hide_index=True, width="stretch", column_config=config, **options
    )


def text_table(rows: Sequence[dict[str, str]]) -> None:
    """A short table whose cells are text of the page, for screen readers too; all of it is there,
    and nothing in a cell is interpreted."""
    shown = [{key: text.markdown(value) for key, value in row.items()} for row in rows]
    st.table(pl.DataFrame(shown), border="horizontal", hide_index=True)


def moments(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """How columns of times are shown: as the reader's clock has them."""
    named = {key for row in rows for key, value in row.items() if isinstance(value, datetime)}
    clock = zone() or "UTC"
    column = st.column_config.DatetimeColumn(
        format="D MMM YYYY, HH:mm", timezone=clock, help=f"Time in {clock}"
    )
    return dict.fromkeys(named, column)


def zone() -> str | None:
    """The time zone of who looks; None where the browser does not say."""
    try:
        return st.context.timezone
    except (AttributeError, RuntimeError):  # outside of a session
        return None


def when(at: datetime | None) -> str:
    return text.local(at, zone())


def in_utc(at: datetime | None) -> str:
    """For what appears when one points at a time."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" if at else "No time is known"


def title_of(run: RunSummary) -> str:
    """`Run of Sat 28 Nov 2026, 22:15`"""
    return f"Run of {when(run.started)}" if run.started else f"Run {run.run_id}"


def run_rows(runs: Sequence[RunSummary]) -> list[dict[str, Any]]:
    return [
        {
            "Started": run.started,
            "Status": text.words(run.status),
            "Took": text.duration(run.seconds(now())),
            "Sources": len(run.stats.by_source),
            "Performers added": run.performers_added,
            "Faces added": run.faces_added,
            "Errors": run.stats.errors,
        }
        for run in runs
    ]


def run_table(runs: Sequence[RunSummary], key: str) -> None:
    """Runs, of which a selected row opens its page."""
    chosen = table(run_rows(runs), on_select="rerun", selection_mode="single-row", key=key)
    rows = chosen.selection.rows
    if rows and rows[0] < len(runs):
        open_page("run", run_id=runs[rows[0]].run_id)


def open_page(name: str, **query: str) -> None:
    """Go to a page of the navigation, with what it is asked for in its address."""
    page = st.session_state.get("pages", {}).get(name)
    if page is not None:
        st.switch_page(page, query_params=query)


def link(name: str, label: str, icon: str, **query: str) -> None:
    """A link to a page; nothing where a page stands alone."""
    page = st.session_state.get("pages", {}).get(name)
    if page is not None:
        st.page_link(page, label=label, icon=icon, query_params=query)


def empty() -> None:
    """What a page shows before the first run."""
    st.info(
        "Nothing has been built in this DATA_DIR yet. Run `trainer build`, or trigger the DAG "
        "`build_performer_database` in Airflow, then look again. `make demo` builds an invented "
        "world.",
        icon=":material/rocket_launch:",
    )


def tabs(icons: dict[str, str], key: str, labels: dict[str, str] | None = None) -> dict[str, Any]:
    """Tabs by name, of which only the open one is to be filled; `?tab=Errors` opens that one."""
    shown = {n: f":material/{icon}: {(labels or {}).get(n, n)}" for n, icon in icons.items()}
    asked = shown.get(st.query_params.get("tab", ""))
    made = st.tabs(list(shown.values()), on_change="rerun", key=key, default=asked)
    return {name: tab for name, tab in zip(shown, made, strict=True) if tab.open}
