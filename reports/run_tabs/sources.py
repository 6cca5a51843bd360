"""What each source gave, in few columns; the rest on demand."""

from __future__ import annotations

from typing import Any

import streamlit as st

from reports import parts, text
from trainer.runs.record import RunRecord, SourceStats


def show(record: RunRecord) -> None:
    by_source = record.stats.by_source
    if not by_source:
        st.caption("No source has reported yet.")
        return
    chosen = _table(by_source)
    _warnings(by_source)
    names = list(by_source)
    rows = [n for n in chosen.selection.rows if n < len(names)]
    source = names[rows[0]] if rows else st.query_params.get("source", "")
    if source in by_source:
        _details(source, by_source[source])
    else:
        st.caption("Select a source to see its pages and images in detail.")
    _embedding(record)


def _table(by_source: dict[str, SourceStats]) -> Any:
    """One row per source; the answer holds what was selected."""
    return parts.table(
        [
            {
                "Source": source,
                "Status": s.status,
                "Performers": s.performers,
                "Pages": s.pages,
                "Images": s.images_fetched,
                "Faces": s.faces,
                "Errors": s.errors,
            }
            for source, s in by_source.items()
        ],
        on_select="rerun",
        selection_mode="single-row",
        key="run_sources",
        height="content",
    )


def _warnings(by_source: dict[str, SourceStats]) -> None:
    ill = [(k, s) for k, s in by_source.items() if s.reason or s.warnings]
    for source, s in ill:
        reasons = "; ".join(filter(None, [s.reason, *s.warnings]))
        st.warning(f"**{text.markdown(source)}**: {text.markdown(reasons)}")


def _details(source: str, s: SourceStats) -> None:
    st.markdown(f"**{text.markdown(source)}**")
    left, right = st.columns(2)
    with left:
        pages = {
            "Read": s.pages,
            "Carried over without a request": s.pages_known,
            "Not modified": s.pages_not_modified,
            "Not there": s.pages_missing,
            "In doubt": s.pages_unconfirmed,
            "Unreadable": s.pages_unreadable,
        }
        parts.table([{"Pages": k, "Count": v} for k, v in pages.items()])
    with right:
        images = {
            "Fetched": s.images_fetched,
            "Known already": s.images_known,
            "Refused": s.images_refused,
            "Failed": s.images_failed,
            "Not needed": s.images_not_needed,
            "Left for the next build": s.images_left,
        }
        parts.table([{"Images": k, "Count": v} for k, v in images.items()])
    if s.hours_left:
        st.caption(
            f"What is left takes about {s.hours_left:g} hours of requests. "
            f"The first of them brings images of {s.next_hour_performers:,} performers."
        )


def _embedding(record: RunRecord) -> None:
    if record.embed:
        figures = (f"{text.words(name)} {count:,}" for name, count in record.embed.items())
        st.caption("Embedding: " + text.markdown(", ".join(figures)))
    if record.quarantined:
        quarantined = (f"{n:,} {text.words(why)}" for why, n in record.quarantined.items())
        st.caption("Performers in quarantine: " + text.markdown(", ".join(quarantined)))
