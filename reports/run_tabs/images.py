"""How far images came, and why the others did not."""

from __future__ import annotations

import streamlit as st

from reports import charts, parts, text
from reports.absent import absent
from reports.queries import funnel
from trainer.runs.record import RunRecord
from trainer.staging.paths import DataDir

ALL = "All sources"


def show(where: DataDir, record: RunRecord) -> None:
    names = funnel.sources(record)
    if not names:
        st.caption("No image was looked at yet.")
        _absent(where, record)
        return
    asked = st.query_params.get("source")
    options = [ALL, *names]
    index = options.index(asked) if asked in names else 0
    chosen = st.selectbox("Images of", options, index=index, key="funnel_source")
    source = None if chosen == ALL else chosen
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**How far they came**")
        way = funnel.way(record, source)
        charts.lying_bars(
            [{"label": stage, "value": count} for stage, count in way.items()],
            empty="This run did not count how far images came.",
        )
        st.caption("; ".join(f"{stage}: {meaning}" for stage, meaning in funnel.MEANING.items()))
    with right:
        st.markdown("**Why the others did not**")
        lost = funnel.by_reason(funnel.losses(record, source))
        charts.lying_bars(
            [{"label": x.reason, "value": x.images, "before": f"before {x.stage}"} for x in lost],
            colour="before",
            empty="Every image became a face of the release.",
        )
    if source is None and record.stages:
        _by_source(record)
    _absent(where, record)


def _by_source(record: RunRecord) -> None:
    st.markdown("**By source**")
    rows = []
    for source in record.stages:
        way = funnel.way(record, source)
        first = max(way["fetched"], 1)
        rows += [
            {"source": source, "stage": stage, "count": n, "share": min(n / first, 1.0)}
            for stage, n in way.items()
        ]
    charts.heat(rows, list(funnel.WAY))
    lost = funnel.losses(record)
    if lost:
        with st.expander("Every loss by source and reason"):
            parts.table(
                [
                    {"Source": x.source, "Reason": x.reason, "Images": x.images, "Before": x.stage}
                    for x in lost
                ]
            )


def _absent(where: DataDir, record: RunRecord) -> None:
    """Who was resolved and is not released: how many by reason, and those with most scenes."""
    if not record.absent:
        return
    st.markdown("**Performers who are not in the release**")
    ordered = sorted(record.absent.items(), key=lambda item: -item[1])
    charts.lying_bars([{"label": text.words(why), "value": n} for why, n in ordered])
    rows, problems = absent(where, record.id)
    parts.problems(problems)
    if rows:
        with st.expander("Those with most scenes"):
            parts.table(rows)
            st.caption("All of them: `trainer performers absent`.")
