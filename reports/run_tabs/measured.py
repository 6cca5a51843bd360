"""How good a run's release is, and what the gate said."""

from __future__ import annotations

from typing import Any

import streamlit as st
from pydantic import ValidationError

from reports import parts, quality_tables
from reports.figures import Evaluation
from trainer.runs.record import RunRecord


def show(record: RunRecord) -> None:
    _gate(record)
    try:
        measured = Evaluation.model_validate(
            {"scene_queries": (record.evaluation or {}).get("scene_queries", {})}
        )
    except ValidationError:
        parts.problems([f"run.json of {record.id}: the figures of degraded copies are unreadable"])
        return
    quality_tables.scene_queries(measured.scene_queries)


def _gate(record: RunRecord) -> None:
    if not record.gate:
        st.caption("The gate has not judged this run.")
        return
    listed = record.gate.get("checks")
    checks = [c for c in listed if isinstance(c, dict)] if isinstance(listed, list) else []
    if not checks:
        parts.problems([f"run.json of {record.id}: the gate lists no checks"])
    if record.gate.get("passed"):
        st.success("All checks of the gate hold.", icon=":material/check_circle:")
    else:
        st.warning("Not all checks hold: a person decides.", icon=":material/approval:")
    parts.table(_check_rows(checks))


def _check_rows(checks: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Those that do not hold come first."""
    ordered = sorted(checks, key=lambda check: bool(check.get("ok")))
    return [
        {
            "Check": str(c.get("name")),
            "Holds": "yes" if c.get("ok") else "NO",
            "Expected": str(c.get("expected")),
            "Found": str(c.get("actual")),
        }
        for c in ordered
    ]
