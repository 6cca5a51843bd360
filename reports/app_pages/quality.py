"""How good the releases are, and who is missing."""

from __future__ import annotations

from typing import Any

import streamlit as st

from reports import charts, data, kept_out_parts, parts, quality_tables, text
from reports.data import Release
from reports.queries import quality as queries
from reports.queries.quality import Quality
from reports.queries.runs import summaries
from reports.version_parts import title_of
from trainer.staging.paths import DataDir

TABS = {
    "Over releases": "timeline",
    "Error curve": "show_chart",
    "Pair distances": "ssid_chart",
    "Harder pictures": "blur_on",
    "Missing performers": "person_search",
    "Kept out": "gpp_maybe",
}
SHARES = (
    ("Rank-1", "rank_1", "rank_1_interval"),
    ("False accepts at 0.5", "false_accept", "false_accept_interval"),
    ("One-face share", "one_face_share", None),
    ("Index recall@10", "recall", None),
)


def show() -> None:
    st.title("Quality")
    where = data.data_dir()
    releases = data.releases(where)
    if not releases:
        parts.empty()
        return
    parts.problems([p for r in releases for p in r.problems])
    for name, tab in parts.tabs(TABS, "quality_tab").items():
        with tab:
            if name == "Over releases":
                _over(queries.over_releases(releases))
            elif name == "Missing performers":
                _missing(where)
            elif name == "Kept out":
                kept_out_parts.show(where)
            else:
                OF_ONE[name](_chosen(releases))


def _over(rows: list[Quality]) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        charts.line("Performers", _line(rows, "performers"), whole=True)
        charts.line("Faces per performer", _line(rows, "faces_each"))
        charts.line("Faces", _line(rows, "faces"), whole=True)
    with right:
        for title, name, interval in SHARES:
            charts.line(title, _line(rows, name, interval), share=True)
    st.caption("Bands are 95% intervals.")


def _line(rows: list[Quality], name: str, interval: str | None = None) -> list[dict[str, Any]]:
    """Rows for `charts.line`; the label is the day, or the release where a day has several."""
    days = [f"{row.at:%d %b %y}" if row.at else row.release for row in rows]
    found = []
    for row, day in zip(rows, days, strict=True):
        low, high = (getattr(row, interval) if interval else None) or (None, None)
        when = row.release if days.count(day) > 1 else day
        found.append({"when": when, "value": getattr(row, name), "low": low, "high": high})
    return found


def _chosen(releases: list[Release]) -> Release:
    """The release that is picked, that the address names, or the current one."""
    by_id = {r.version_id: r for r in releases}
    names = list(by_id)
    asked = st.query_params.get("version")
    current = next((r.version_id for r in releases if r.current), names[0])
    index = names.index(asked if asked in by_id else current)
    name = st.selectbox(
        "Release", names, index=index, format_func=lambda name: title_of(by_id[name]), key="release"
    )
    return by_id[name]


def _curve(release: Release) -> None:
    e = release.evaluation
    rows = [
        {"distance": point.threshold, "what": what, "value": value}
        for point in queries.error_curve(e)
        for what, value in (
            ("strangers given a name", point.false_accept),
            ("listed faces missed", point.false_reject),
            ("listed faces given another's name", point.wrong_name),
        )
        if value is not None
    ]
    charts.curve(rows, queries.THRESHOLDS)
    _marks()
    quality_tables.safe_distances(e)
    if e.note:
        st.caption(text.markdown(e.note))
    with st.expander("By number of faces, gender and source"):
        quality_tables.breakdowns(e)
    quality_tables.cap_costs(e)


def _marks() -> None:
    marks = ", ".join(f"{distance:g}: {mark}" for mark, distance in queries.THRESHOLDS.items())
    st.caption(f"Dashed lines are the distances that decide: {marks}.")


def _pairs(release: Release) -> None:
    rows = queries.pair_shares(release.evaluation)
    if not rows:
        st.info("Pairs of this release were not measured: an older trainer built it.")
        return
    charts.distributions(rows, queries.THRESHOLDS)
    _marks()
    st.caption(
        "The less the two overlap, the better any maximum distance tells people apart. Random "
        "pairs; a search finds the nearest of all, so strangers come nearer than this."
    )


def _scenes(release: Release) -> None:
    figures = release.evaluation.scene_queries
    if not figures:
        st.info(
            "This release was not measured with harder pictures. `trainer evaluate --help` says "
            "how degraded copies are searched."
        )
        return
    rows = [
        {"label": text.words(kind), "value": None if f.rank_1 is None else round(100 * f.rank_1, 1)}
        for kind, f in figures.items()
    ]
    charts.bars("Rank-1 by kind of copy, %", [r for r in rows if r["value"] is not None], "", "%")
    quality_tables.scene_queries(figures)


def _missing(where: DataDir) -> None:
    found, problems = queries.missing(where, summaries(where).runs)
    parts.problems(problems)
    if found is None:
        if not problems:
            st.info("No run that is still there has selected faces. Build once more, then look.")
        return
    st.caption("Performers who were resolved and have no face, those with most scenes first.")
    totals: dict[str, int] = {}
    for scenes, _, count in found.by_scenes:
        totals[scenes] = totals.get(scenes, 0) + count
    rows = [{"label": s, "value": totals[s]} for s in queries.scene_labels() if s in totals]
    st.markdown("**How many, by their number of scenes**")
    charts.lying_bars(rows)
    reasons: dict[str, int] = {}
    for _, why, count in found.by_scenes:
        reasons[why] = reasons.get(why, 0) + count
    ordered = sorted(reasons.items(), key=lambda item: -item[1])
    st.markdown("**Why**")
    charts.lying_bars([{"label": why, "value": count} for why, count in ordered])
    parts.table(
        [
            {
                "Name": row["name"] or row["universal_id"],
                "Scenes": row["scene_count"],
                "Reason": text.words(row["reason"]),
                "Images": row["images"],
                "Number": row["performer_id"],
            }
            for row in found.listed
        ]
    )


OF_ONE = {"Error curve": _curve, "Pair distances": _pairs, "Harder pictures": _scenes}
