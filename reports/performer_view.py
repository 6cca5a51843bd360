"""One performer as `trainer performers show` knows it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from reports import parts, text
from trainer.pipeline.performer_report import PerformerReport


def title(report: PerformerReport) -> str:
    return f"{report.performer_id}: {report.name or 'no name known'}"


def summary(report: PerformerReport) -> None:
    """What tells two people apart: facts, records and why they are one, figures of the faces."""
    if _withheld(report):
        return
    st.markdown(f"**{text.markdown(title(report))}**")
    state = "in the current release" if report.released else "not in the current release"
    st.caption(text.markdown(f"{report.universal_id or 'no universal id'}, {state}"))
    _facts(report)
    _records(report)
    faces = text.counted(len(report.faces), "face")
    st.caption(f"{faces} in the release, {len(report.refused):,} refused")


def whole(report: PerformerReport) -> None:
    """Everything, without a picture."""
    summary(report)
    if report.withheld:
        return
    _section("Other names", report.aliases)
    _section("Links", report.links)
    _section("Merged into this performer", report.merged)
    _section("Decisions of people", [{"Decision": said} for said in report.decisions])
    _section("Faces", report.faces)
    _section("Refused, and why", report.refused)
    _section("Releases", report.history)


def _withheld(report: PerformerReport) -> bool:
    if not report.withheld:
        return False
    st.markdown(f"**Performer {report.performer_id}**")
    st.warning(text.markdown(f"Nothing is shown of this person: {report.withheld}"))
    return True


def _facts(report: PerformerReport) -> None:
    rows = [
        {
            "Fact": row["fact"].replace("_", " "),
            "Value": str(row["value"]),
            "Source": row["source"],
            "Others say": ", ".join(f"{key}: {value}" for key, value in row["others"].items()),
        }
        for row in report.facts
    ]
    _table(rows, "No source states a fact.")


def _records(report: PerformerReport) -> None:
    rows = [
        {
            "Record": row["record"],
            "Name": row["name"] or text.MISSING,
            "Why it is this person": row["evidence"] or text.MISSING,
            "Page": row["page"] or "not crawled any more",
        }
        for row in report.records
    ]
    _table(rows, "No record is known any more.")


def _section(heading: str, rows: list[dict[str, Any]]) -> None:
    if rows:
        with st.expander(f"{heading} ({len(rows):,})"):
            parts.table([{_label(k): v for k, v in row.items()} for row in rows])


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _table(rows: list[dict[str, Any]], otherwise: str) -> None:
    if rows:
        parts.table(rows)
    else:
        st.caption(otherwise)
