"""Charts, one idea each, that can be read on a telephone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import polars as pl
import streamlit as st

from reports import text

TIME_AXIS = alt.Axis(labelAngle=0, tickCount=5, labelOverlap=True, labelFlush=False)
STATUS_COLOURS = {
    "done": "#3f8f5f",
    "completed": "#3f8f5f",
    "partial": "#c98a1b",
    "needs approval": "#c98a1b",
    "running": "#2f7fc1",
    "failed": "#c0453d",
    "rejected": "#7b8794",
}
CURVE_HEIGHT = 400  # with the legend, which takes a quarter of it
_HORIZONTAL = {"labelAngle": 0, "labelOverlap": True, "labelFlush": False}


def frame(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a frame whose texts act on nothing."""
    clean = [{k: text.plain(v) if isinstance(v, str) else v for k, v in r.items()} for r in rows]
    return pl.DataFrame(clean, infer_schema_length=None, strict=False)


def draw(chart: Any, rows: Sequence[dict[str, Any]], empty: str, alt_text: str) -> None:
    """The chart, or a sentence where there is nothing to draw."""
    if rows:
        st.altair_chart(chart, width="stretch", alt=alt_text)
    else:
        st.caption(empty)


def status_colour(statuses: Sequence[str]) -> Any:
    known = [status for status in STATUS_COLOURS if status in statuses]
    other = sorted(set(statuses) - set(known))
    colours = [STATUS_COLOURS[status] for status in known] + ["#7b8794"] * len(other)
    return alt.Color(
        "status:N",
        title=None,
        scale=alt.Scale(domain=[*known, *other], range=colours),
        legend=alt.Legend(orient="bottom", columns=2) if len(known) + len(other) > 1 else None,
    )


def line(title: str, rows: list[dict[str, Any]], share: bool = False, whole: bool = False) -> None:
    """`value` over `when` (an order of labels), with `low` to `high` where both are known."""
    st.markdown(f"**{title}**")
    known = [row for row in rows if row["value"] is not None]
    shape = ".1%" if share else ",.4~g"
    base = alt.Chart(frame(known), height=200)
    points = alt.Scale(type="point", padding=0.5)
    x = alt.X("when:O", title=None, sort=None, scale=points, axis=alt.Axis(**_HORIZONTAL))
    ticks = {"tickCount": 4} | ({"tickMinStep": 1} if whole else {})
    scale = alt.Scale(zero=False, nice=True, padding=8)
    tip = [alt.Tooltip("when:O", title="Release"), alt.Tooltip("value:Q", format=shape)]
    y = alt.Y("value:Q", title=None, scale=scale, axis=alt.Axis(format=_ticks(share), **ticks))
    chart = base.mark_line(point=alt.OverlayMarkDef(size=55), strokeWidth=2)
    chart = chart.encode(x=x, y=y, tooltip=tip)
    if any(row.get("low") is not None for row in known):
        bars = base.mark_rule(strokeWidth=7, opacity=0.25)
        shares = [alt.Tooltip(f"{k}:Q", title=f"95% {k}", format=shape) for k in ("low", "high")]
        bars = bars.encode(
            x=x, y=alt.Y("low:Q", title=None), y2="high:Q", tooltip=[tip[0], *shares]
        )
        chart = bars + chart
    draw(chart, known, "Not measured yet.", title)


def _ticks(share: bool) -> str:
    return ".1~%" if share else "~s"


def bars(title: str, rows: list[dict[str, Any]], x_title: str, y_title: str) -> None:
    """Bars of `value` over `label`, in the order given."""
    st.markdown(f"**{title}**")
    y_axis = alt.Axis(format="~s", tickCount=4, tickMinStep=1)
    chart = alt.Chart(frame(rows), height=220).mark_bar()
    chart = chart.encode(
        x=alt.X("label:O", title=x_title, sort=None, axis=alt.Axis(**_HORIZONTAL)),
        y=alt.Y("value:Q", title=y_title, axis=y_axis),
        tooltip=[alt.Tooltip("label:O", title=x_title), alt.Tooltip("value:Q", title=y_title)],
    )
    draw(chart, rows, "Not measured yet.", title)


def lying_bars(rows: list[dict[str, Any]], colour: str | None = None, empty: str = "None.") -> None:
    """`value` of each `label`, one bar under the other with its number beside it."""
    base = alt.Chart(frame(rows), height=alt.Step(26))
    y = alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=150, ticks=False))
    x = alt.X("value:Q", title=None, axis=None, scale=alt.Scale(padding=34, domainMin=0))
    tip = [alt.Tooltip("label:N", title="What"), alt.Tooltip("value:Q", format=",")]
    drawn = base.mark_bar(cornerRadiusEnd=3).encode(x=x, y=y, tooltip=tip)
    if colour:
        drawn = drawn.encode(color=alt.Color(f"{colour}:N", title=None, sort=None, legend=_below()))
    numbers = base.mark_text(align="left", dx=4, color="#84929a")
    drawn += numbers.encode(x=x, y=y, text=alt.Text("value:Q", format=","))
    draw(drawn, rows, empty, "Bars")


def _below() -> Any:
    return alt.Legend(orient="bottom", columns=2, symbolLimit=8)


def unit_of(longest: float) -> tuple[str, float]:
    """The unit in which so many seconds are easy to read, and its seconds."""
    if longest < 180:
        return "seconds", 1.0
    return ("minutes", 60.0) if longest < 3 * 3600 else ("hours", 3600.0)


def gantt(rows: list[dict[str, Any]], unit: str) -> None:
    """Bars from `start` to `end` of each `label`, in the order given."""
    statuses = sorted({row["status"] for row in rows})
    chart = alt.Chart(frame(rows), height=alt.Step(22)).mark_bar(cornerRadius=3, minBandSize=4)
    axis = alt.Axis(labelLimit=140, ticks=False)
    chart = chart.encode(
        x=alt.X("start:Q", title=f"{unit} since the run began", axis=alt.Axis(tickCount=5)),
        x2="end:Q",
        y=alt.Y("label:N", title=None, sort=None, axis=axis),
        color=status_colour(statuses),
        tooltip=[
            alt.Tooltip("label:N", title="Step"),
            alt.Tooltip("took:N", title="Time"),
            alt.Tooltip("began:N", title="Began"),
            alt.Tooltip("utc:N", title="UTC"),
            alt.Tooltip("status:N", title="Status"),
        ],
    )
    draw(chart, rows, "No step has ended yet.", "When each step ran")


_SHADES = alt.Scale(domain=[0, 1], range=["#e8f1f4", "#1d6f8a"])  # light and dark alike


def heat(rows: list[dict[str, Any]], columns: list[str]) -> None:
    """`count` of each `source` and `stage`, coloured by its `share` of what came first."""
    base = alt.Chart(frame(rows), height=alt.Step(24))
    x = alt.X("stage:N", title=None, sort=columns, axis=alt.Axis(orient="top", **_HORIZONTAL))
    y = alt.Y("source:N", title=None, axis=alt.Axis(labelLimit=110, ticks=False))
    shade = alt.Color("share:Q", title=None, scale=_SHADES, legend=None)
    tip = ["source:N", "stage:N", alt.Tooltip("count:Q", format=",")]
    tip.append(alt.Tooltip("share:Q", title="of the fetched", format=".0%"))
    cells = base.mark_rect(cornerRadius=2).encode(x=x, y=y, color=shade, tooltip=tip)
    dark = alt.condition(alt.datum.share > 0.5, alt.value("white"), alt.value("#4d5b63"))
    numbers = base.mark_text(fontSize=11).encode(
        x=x, y=y, text=alt.Text("count:Q", format=","), color=dark
    )
    draw(cells + numbers, rows, "No image was looked at yet.", "Images by source and stage")


def curve(rows: list[dict[str, Any]], marks: dict[str, float]) -> None:
    """Error rates (`value` of each `what`) over `distance`, with the distances that decide."""
    base = alt.Chart(frame(rows), height=CURVE_HEIGHT).mark_line(strokeWidth=2)
    x = alt.X("distance:Q", title="maximum distance", axis=alt.Axis(tickCount=6))
    tip = ["what:N", alt.Tooltip("distance:Q", format=".2f")]
    tip.append(alt.Tooltip("value:Q", title="share", format=".2%"))
    lines = base.encode(
        x=x,
        y=alt.Y("value:Q", title=None, axis=alt.Axis(format=".0%", tickCount=5)),
        color=alt.Color("what:N", title=None, sort=None, legend=_below_one()),
        tooltip=tip,
    )
    draw(lines + decisive(marks), rows, "Not measured yet.", "Error rates by maximum distance")


def decisive(marks: dict[str, float]) -> Any:
    """A dashed line with its number at each distance that decides something."""
    decided = alt.Chart(frame([{"distance": d, "mark": m} for m, d in marks.items()]))
    rules = decided.mark_rule(strokeDash=[4, 4], color="gray", size=1.5)
    rules = rules.encode(x="distance:Q", tooltip=["mark:N", "distance:Q"])
    words = decided.mark_text(align="right", dx=-4, dy=4, angle=0, color="gray", baseline="top")
    words = words.encode(x="distance:Q", y=alt.value(0), text=alt.Text("distance:Q", format=".2f"))
    return rules + words


def distributions(rows: list[dict[str, Any]], marks: dict[str, float]) -> None:
    """The share (`value`) of pairs of each kind (`what`) at each `distance`."""
    base = alt.Chart(frame(rows), height=CURVE_HEIGHT)
    tip = ["what:N", alt.Tooltip("distance:Q", format=".3f")]
    tip.append(alt.Tooltip("value:Q", title="share of pairs", format=".2%"))
    areas = base.mark_area(opacity=0.4, line=True, interpolate="monotone").encode(
        x=alt.X("distance:Q", title="distance of two faces", axis=alt.Axis(tickCount=6)),
        y=alt.Y("value:Q", title=None, stack=None, axis=alt.Axis(format=".0%", tickCount=4)),
        color=alt.Color("what:N", title=None, sort=None, legend=_below_one()),
        tooltip=tip,
    )
    draw(areas + decisive(marks), rows, "Not measured yet.", "Distances of pairs of faces")


def _below_one() -> Any:
    return alt.Legend(orient="bottom", columns=1, labelLimit=300)
