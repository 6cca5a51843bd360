"""The lists of what a build kept out, with the reason of each."""

from __future__ import annotations

from typing import Any

import streamlit as st

from reports import charts, parts, text
from reports.queries import kept_out as queries
from reports.queries.kept_out import Answer
from reports.queries.runs import summaries
from trainer.staging.paths import DataDir


def show(where: DataDir) -> None:
    runs = summaries(where).runs
    st.markdown("**Faces that look like somebody else's**")
    _list(queries.contaminated(where, runs), _face, "No face looks like somebody else's.")
    st.markdown("**People who can't be shown to be adults**")
    st.caption("They are in no release. Nothing but their id is kept here.")
    _list(queries.quarantined(where, runs), _person, "Nobody is in quarantine.")


def _list(answer: Answer, row: Any, nobody: str) -> None:
    found, problems = answer
    parts.problems(problems)
    if found is None:
        if not problems:
            st.info("No run that is still there came so far. Build once more, then look.")
        return
    if not found.listed:
        st.caption(nobody)
        return
    bars = [{"label": text.words(why), "value": count} for why, count in found.counts.items()]
    charts.lying_bars(bars)
    parts.table([row(entry) for entry in found.listed])
    if sum(found.counts.values()) > len(found.listed):
        st.caption(f"The first {len(found.listed):,} of {sum(found.counts.values()):,}.")


def _face(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "Performer": entry["performer_id"],
        "Like": entry["other_performer_id"],
        "Likeness": None if entry["score"] is None else round(entry["score"], 3),
        "Source": entry["source"],
        "Reason": entry["reason"],
    }


def _person(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "Performer": entry["performer_id"],
        "Id": entry["universal_id"],
        "Reason": text.words(entry["reason"]),
    }
