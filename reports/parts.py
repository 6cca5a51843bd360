"""Pieces that several pages share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl
import streamlit as st

from reports import text
from reports.data import Person, Release
from reports.figures import Evaluation, SceneFigures

STATUS = {
    "running": (":material/progress_activity:", "blue"),
    "completed": (":material/check_circle:", "green"),
    "partial": (":material/error:", "orange"),
    "failed": (":material/cancel:", "red"),
    "needs_approval": (":material/approval:", "orange"),
    "rejected": (":material/block:", "gray"),
}


def status_badge(status: str) -> None:
    """Show a run's status as a badge."""
    icon, color = STATUS.get(status, (":material/help:", "gray"))
    st.badge(status.replace("_", " "), icon=icon, color=color)  # type: ignore[arg-type]


def problems(sentences: Sequence[str]) -> None:
    """Say which files can't be read; the page goes on."""
    for sentence in sentences:
        st.warning(text.markdown(sentence), icon=":material/broken_image:")


def table(rows: list[dict[str, Any]], **options: Any) -> Any:
    """A table of plain text and numbers: cells are never interpreted."""
    clean = [{k: text.plain(v) if isinstance(v, str) else v for k, v in r.items()} for r in rows]
    return st.dataframe(_frame(clean), hide_index=True, width="stretch", **options)


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(rows, infer_schema_length=None, strict=False)


def people(title: str, persons: Sequence[Person]) -> None:
    """Show a list of people, with the reasons where there are any."""
    st.markdown(f"**{title}** ({len(persons):,})")
    if persons:
        why = [{"Why": p.why} if p.why else {} for p in persons]
        rows = [{"Name": p.name, "Id": p.universal_id or text.MISSING} for p in persons]
        table([row | reason for row, reason in zip(rows, why, strict=True)])
    else:
        st.caption("None")


def trend(title: str, rows: list[dict[str, Any]], share: bool = False) -> None:
    """Lines over `when` (a label in order) of `value` by `what`."""
    frame = _frame([r for r in rows if r["value"] is not None])
    st.markdown(f"**{title}**")
    if frame.is_empty():
        st.caption("Nothing was measured yet.")
        return
    axis = alt.Axis(format=".0%" if share else "~s", tickCount=5, **_whole(share))
    legend = alt.Legend(orient="bottom", columns=2) if frame["what"].n_unique() > 1 else None
    scale = alt.Scale(domain=[0, 1]) if share else alt.Scale(zero=True, nice=True)
    chart = alt.Chart(frame, height=240).mark_line(point=True, strokeWidth=2)
    chart = chart.encode(
        x=alt.X("when:O", title=None, sort=None, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
        y=alt.Y("value:Q", title=None, axis=axis, scale=scale),
        color=alt.Color("what:N", title=None, legend=legend),
        tooltip=["when:O", "what:N", alt.Tooltip("value:Q", format=".1%" if share else ",")],
    )
    st.altair_chart(chart, width="stretch")


def _whole(share: bool) -> dict[str, Any]:
    """Counts have no ticks between whole numbers."""
    return {} if share else {"tickMinStep": 1}


def bars(title: str, rows: list[dict[str, Any]], x_title: str, y_title: str) -> None:
    """Bars of `value` over `label`."""
    st.markdown(f"**{title}**")
    if not rows:
        st.caption("Nothing was measured yet.")
        return
    chart = alt.Chart(_frame(rows), height=240).mark_bar(size=28)
    chart = chart.encode(
        x=alt.X("label:O", title=x_title, sort=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("value:Q", title=y_title, axis=alt.Axis(format="~s", tickCount=5, **_whole(False))),
        tooltip=["label:O", "value:Q"],
    )
    st.altair_chart(chart, width="stretch")


def release_metrics(new: Release, old: Release | None) -> None:
    """Six figures of a release, with the change since `old`."""
    e, p = new.evaluation, old.evaluation if old else None
    row = st.columns(6)
    row[0].metric(
        "Performers",
        text.number(new.performers),
        text.change(new.performers, old.performers if old else None),
    )
    row[1].metric(
        "Faces", text.number(new.faces), text.change(new.faces, old.faces if old else None)
    )
    shares = (
        ("Rank-1", "rank_1", "normal", "A known person's face, searched without itself"),
        ("False accepts", "false_accept", "inverse", "Strangers given a name at distance 0.5"),
        ("One-face share", "one_face_share", "inverse", "Performers with a single face"),
        ("Index recall@10", "recall", "normal", "The weaker index against exact search"),
    )
    for column, (label, name, colour, help_text) in zip(row[2:], shares, strict=True):
        now = getattr(e, name)
        delta = text.points(now, getattr(p, name) if p else None)
        column.metric(label, text.percent(now), delta, delta_color=colour, help=help_text)  # type: ignore[arg-type]


def safe_distances(evaluation: Evaluation) -> None:
    """Which maximum distance to choose in the sidecar: what users have to know first."""
    if not evaluation.safe_distances:
        return
    st.markdown("**Which maximum distance to choose**")
    rows = []
    for safe in evaluation.safe_distances:
        low, high = safe.false_accept_interval or (None, None)
        known = "" if safe.resolved else f" (too few strangers, {safe.strangers:,}, to tell)"
        rows.append(
            {
                "Strangers given a name": f"at most {100 * safe.max_false_accept:g}%",
                "Maximum distance": "none" if safe.distance is None else f"{safe.distance:.3f}",
                "Measured (95%)": f"{text.percent(low)} to {text.percent(high)}{known}",
                "Listed faces named right": text.percent(safe.right_name),
            }
        )
    table(rows)


def cap_costs(evaluation: Evaluation) -> None:
    """What each maximum number of faces per performer costs and gives."""
    if not any(cost.rank_1 is not None for cost in evaluation.cap_costs):
        return
    with st.expander("What the maximum number of faces per performer costs"):
        table(
            [
                {
                    "Faces per performer": cost.max_faces_total,
                    "Faces": cost.faces,
                    "Indexes, MB": cost.megabytes,
                    "Rank-1 on a sample": text.percent(cost.rank_1),
                }
                for cost in evaluation.cap_costs
            ]
        )
        st.caption("To compare the values with each other: the sample's people are fewer.")


def scene_queries(figures: Mapping[str, SceneFigures]) -> None:
    """How degraded copies of pictures are answered: frames of a film are harder than portraits."""
    if not figures:
        return
    st.markdown("**Degraded copies of pictures, searched without the picture**")
    rows = []
    for kind, found in figures.items():
        low, high = found.rank_1_interval or (None, None)
        rows.append(
            {
                "Copy": kind.replace("_", " "),
                "Searched": found.queries,
                "No face found": found.no_face,
                "Rank-1": text.percent(found.rank_1),
                "95%": f"{text.percent(low)} to {text.percent(high)}",
                "Missed at 0.5": text.percent(found.false_reject),
                "Missed at the distance for 1%": text.percent(found.safe_false_reject),
            }
        )
    table(rows)


def operating_points(evaluation: Evaluation) -> None:
    """What each maximum distance costs: the sidecar asks at 0.8, in its scene mode at 0.5."""
    points = evaluation.open_set.points
    if not points:
        return
    with st.expander("Error rates by maximum distance"):
        table(
            [
                {
                    "Maximum distance": f"{point.threshold:g}",
                    "Strangers given a name": text.percent(point.false_accept),
                    "Listed faces missed": text.percent(point.false_reject),
                    "Listed faces given another's name": text.percent(point.wrong_name),
                }
                for point in points
            ]
        )


def empty() -> None:
    """What a page shows before the first run."""
    st.info(
        "Nothing has been built in this DATA_DIR yet. Run `trainer build`, or trigger the DAG "
        "`build_performer_database` in Airflow, then look again. `make demo` builds an invented "
        "world.",
        icon=":material/rocket_launch:",
    )
