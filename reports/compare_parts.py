"""Two releases side by side: how many changed, by source, and who."""

from __future__ import annotations

import polars as pl
import streamlit as st

from reports import charts, parts, text
from reports.data import Release
from reports.queries.changes import KINDS, Changes, as_csv, matching

A_PAGE = 100  # changes shown at once
_HEADINGS = {
    "kind": "Change",
    "name": "Name",
    "before": "Before",
    "what": "What",
    "source": "Source",
    "universal_id": "Id",
    "performer_id": "Number",
}


def show(found: Changes, older: Release, newer: Release) -> None:
    with st.container(horizontal=True):
        for kind, count in found.counts.items():
            st.metric(kind.capitalize(), f"{count:,}", border=True)
    people, faces = st.tabs([":material/group: Performers", ":material/face: Faces by source"])
    with people:
        if found.rows.is_empty():
            st.caption("No performer is different.")
        else:
            _performers(found.rows, f"changes_{older.version_id}_{newer.version_id}.csv")
    with faces:
        _faces(found)


def side_by_side(older: Release, newer: Release) -> None:
    """The figures of the newer one, with what changed since the older."""
    e, before = newer.evaluation, older.evaluation
    figures = (
        (
            "Performers",
            text.number(newer.performers),
            text.change(newer.performers, older.performers),
        ),
        ("Faces", text.number(newer.faces), text.change(newer.faces, older.faces)),
        ("Rank-1", text.percent(e.rank_1), text.points(e.rank_1, before.rank_1)),
        ("One-face share", text.percent(e.one_face_share), None),
    )
    with st.container(horizontal=True):
        for label, value, delta in figures:
            st.metric(label, value, delta, border=True, height="stretch")


def _performers(rows: pl.DataFrame, file_name: str) -> None:
    left, middle, right = st.columns([3, 2, 2], vertical_alignment="bottom")
    words = left.text_input("Search", placeholder="A name or an id", key="changes_search")
    kinds = middle.multiselect("Change", KINDS, placeholder="Any", key="changes_kinds")
    known = rows["source"].unique().sort().to_list()
    names = [name for name in known if name]
    sources = right.multiselect("Source", names, placeholder="Any", key="changes_sources")
    found = matching(rows, words, kinds, sources)
    if found.is_empty():
        st.info("No change is like that. Search for less, or take a filter away.")
        return
    pages = -(-len(found) // A_PAGE)
    page = st.pagination(pages, key="changes_page") if pages > 1 else 1
    first = (min(page, pages) - 1) * A_PAGE
    shown = found.slice(first, A_PAGE)
    parts.table(
        [{_HEADINGS[key]: row[key] for key in _HEADINGS} for row in shown.iter_rows(named=True)]
    )
    st.caption(f"{first + 1:,} to {first + len(shown):,} of {text.counted(len(found), 'change')}")
    st.download_button(
        "Download these as CSV",
        lambda: as_csv(found),
        file_name,
        "text/csv",
        icon=":material/download:",
    )


def _faces(found: Changes) -> None:
    if not found.faces:
        st.caption("No face is different.")
        return
    for title, name in (("Added", "added"), ("Removed", "removed")):
        rows = [{"label": f.source, "value": getattr(f, name)} for f in found.faces]
        rows = sorted((r for r in rows if r["value"]), key=lambda r: -int(r["value"]))
        st.markdown(f"**{title}**")
        charts.lying_bars(rows, empty="None.")
