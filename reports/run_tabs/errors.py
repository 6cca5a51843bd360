"""What went wrong, grouped by kind, with where and what to do."""

from __future__ import annotations

from itertools import groupby

import streamlit as st

from reports import charts, parts, text
from trainer.runs.record import RunRecord
from trainer.staging.error_advice import advice
from trainer.staging.error_groups import STEP_FAILED, StageError

OPEN_KINDS = 3  # groups that are unfolded at once


def show(record: RunRecord) -> None:
    if not record.errors:
        st.success("No errors.", icon=":material/check_circle:")
        return
    kinds = by_kind(record.errors)
    if len(kinds) > 1:
        charts.lying_bars([{"label": text.words(k), "value": n} for k, n, _ in kinds])
    for place, (kind, count, errors) in enumerate(kinds):
        title = f"{text.markdown(text.words(kind))} ({count:,})"
        with st.expander(title, expanded=place < OPEN_KINDS):
            if kind != STEP_FAILED:
                st.caption(f"What to do: {text.markdown(advice(kind))}.")
            parts.table([row for error in errors for row in _rows(error)])


def by_kind(errors: list[StageError]) -> list[tuple[str, int, list[StageError]]]:
    """Kind, how often, and the errors of it; the most frequent first."""
    ordered = sorted(errors, key=lambda e: (e.kind, -e.count, e.source or ""))
    groups = [(kind, list(group)) for kind, group in groupby(ordered, key=lambda e: e.kind)]
    counted = [(kind, sum(e.count for e in group), group) for kind, group in groups]
    return sorted(counted, key=lambda item: (-item[1], item[0]))


def _rows(error: StageError) -> list[dict[str, object]]:
    """A row per example, the count beside the first."""
    return [
        {
            "Source": error.source or text.MISSING,
            "Field": error.field or text.MISSING,
            "Times": error.count if not place else None,
            "Message": example.message,
            "URL": example.url or text.MISSING,
        }
        for place, example in enumerate(error.shown)
    ]
