"""All releases, and what changed between two of them."""

from __future__ import annotations

import streamlit as st

from reports import data, parts, text
from reports.data import Diff, Release


def show() -> None:
    """Show all releases, and the differences of two chosen ones."""
    st.title("Versions")
    releases = data.releases(data.data_dir())
    if not releases:
        parts.empty()
        return
    parts.problems([p for r in releases for p in r.problems])
    parts.table([_row(r) for r in releases])
    _breakdowns(releases[0])
    if len(releases) < 2:
        st.caption("A second release can be compared with this one.")
        return
    st.subheader("Compare")
    by_label = {r.label: r for r in releases}
    left, right = st.columns(2)
    newer = by_label[left.selectbox("Version", list(by_label), index=0)]
    older = by_label[right.selectbox("Compared with", list(by_label), index=1)]
    if newer == older:
        st.info("Pick two different versions.")
        return
    if newer.version_id < older.version_id:
        newer, older = older, newer
    st.caption(text.markdown(f"From {older.version_id} to {newer.version_id}"))
    parts.release_metrics(newer, older)
    diff, problems = data.compare(older, newer)
    parts.problems(problems)
    if diff:
        _diff(diff)


def _row(release: Release) -> dict[str, object]:
    e, manifest = release.evaluation, release.manifest
    return {
        "Version": manifest.version if manifest else "damaged",
        "Release": release.version_id,
        "Current": "yes" if release.current else "",
        "Performers": release.performers,
        "Faces": release.faces,
        "Size": text.size(release.size),
        "Rank-1": text.percent(e.rank_1),
        "False accepts at 0.5": text.percent(e.false_accept),
        "One-face share": text.percent(e.one_face_share),
        "Sources": ", ".join(manifest.sources) if manifest else text.MISSING,
    }


def _breakdowns(release: Release) -> None:
    """The newest release's figures by number of faces, gender and source."""
    rows = [
        {
            "By": by,
            "Part": part,
            "Faces asked": f.queries,
            "Strangers asked": f.strangers,
            "Rank-1": text.percent(f.rank_1),
            "False accepts at 0.5": text.percent(f.false_accept),
            "False rejects at 0.5": text.percent(f.false_reject),
        }
        for by, parts_of in release.evaluation.breakdowns.items()
        for part, f in parts_of.items()
    ]
    if rows:
        with st.expander(f"Figures of {text.plain(release.label)} by part"):
            parts.table(rows)


def _diff(diff: Diff) -> None:
    if diff.faces_added is not None:
        removed = text.number(diff.faces_removed)
        st.markdown(f"**{diff.faces_added:,}** faces added, **{removed}** removed")
    else:
        st.caption("Not neighbours: compared by the performers' ids; a merge shows as removed.")
    left, right = st.columns(2)
    with left:
        parts.people("Added", diff.added)
    with right:
        parts.people("Removed", diff.removed)
    for title, pairs in (("Merged", diff.merged), ("Renamed", diff.renamed)):
        if pairs:
            st.markdown(f"**{title}** ({len(pairs):,})")
            parts.table(
                [
                    {"Before": p.old.name, "Now": p.new.name, "Id": p.new.universal_id or ""}
                    for p in pairs
                ]
            )
