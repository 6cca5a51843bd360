"""All runs, newest first."""

from __future__ import annotations

import streamlit as st

from reports import data, parts, text
from trainer.runs.record import RunRecord


def show() -> None:
    """Show all runs; a selected row opens its page."""
    st.title("Runs")
    entries = data.runs(data.data_dir())
    if not entries:
        parts.empty()
        return
    parts.problems([e.error for e in entries if e.error])
    records = [e.record for e in entries if e.record]
    if not records:
        return
    st.caption("Select a row to open that run.")
    chosen = parts.table(
        [_row(r) for r in records],
        on_select="rerun",
        selection_mode="single-row",
        key="runs_table",
    )
    rows = chosen.selection.rows
    if rows and "run_page" in st.session_state:
        run_id = records[rows[0]].id
        st.switch_page(st.session_state["run_page"], query_params={"run_id": run_id})
    _charts(list(reversed(records)))


def _row(record: RunRecord) -> dict[str, object]:
    diff = record.diff_from_previous
    return {
        "Run": record.id,
        "Status": record.status.replace("_", " "),
        "Started": text.utc(record.started_at),
        "Work": text.duration(data.seconds_of(record)),
        "New performers": diff.new_performers if diff else None,
        "New faces": diff.new_faces if diff else None,
        "Errors": record.stats.errors,
        "Release": record.release or text.MISSING,
    }


def _charts(records: list[RunRecord]) -> None:
    left, right = st.columns(2)
    label = {r.id: text.utc(r.started_at).removesuffix(" UTC") for r in records}
    with left:
        parts.trend(
            "New performers and faces",
            [
                {"when": label[r.id], "what": what, "value": value}
                for r in records
                for what, value in _news(r).items()
            ],
        )
    with right:
        parts.trend(
            "Seconds of work",
            [
                {"when": label[r.id], "what": "all steps", "value": data.seconds_of(r)}
                for r in records
            ],
        )


def _news(record: RunRecord) -> dict[str, int | None]:
    diff = record.diff_from_previous
    return {
        "performers": diff.new_performers if diff else None,
        "faces": diff.new_faces if diff else None,
    }
