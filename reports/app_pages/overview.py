"""The current release beside the one before, the last run, and the trend."""

from __future__ import annotations

import streamlit as st

from reports import data, parts, text
from reports.data import Release
from trainer.runs.record import RecordEntry


def show() -> None:
    """Show the current release, the last run and the trend."""
    st.title("Overview")
    where = data.data_dir()
    releases, runs = data.releases(where), data.runs(where)
    if not releases and not runs:
        parts.empty()
        return
    parts.problems([e.error for e in runs if e.error])
    lost = data.lost_current(where)
    if lost:
        parts.problems([lost])
    else:
        _current(releases)
    _last_run(runs)
    if releases:
        _trends(list(reversed(releases)))


def _current(releases: list[Release]) -> None:
    current = next((r for r in releases if r.current), None)
    if current is None:
        st.info("No release is published yet. A finished run publishes one, or says why not.")
        return
    previous = next((r for r in releases if r.version_id < current.version_id), None)
    _title(current, previous)
    parts.problems(current.problems)
    parts.release_metrics(current, previous)
    if current.evaluation.note:
        st.caption(text.markdown(current.evaluation.note))
    parts.safe_distances(current.evaluation)
    parts.operating_points(current.evaluation)
    parts.cap_costs(current.evaluation)
    parts.scene_queries(current.evaluation.scene_queries)


def _title(current: Release, previous: Release | None) -> None:
    manifest = current.manifest
    st.subheader(f"Release {text.markdown(manifest.version if manifest else current.version_id)}")
    created = text.utc(manifest.created_at) if manifest else text.MISSING
    beside = f" · compared with {previous.version_id}" if previous else " · first release"
    st.caption(text.markdown(f"{current.version_id} · {created}{beside}"))


def _last_run(runs: list[RecordEntry]) -> None:
    record = next((e.record for e in runs if e.record), None)
    if record is None:
        return
    st.subheader("Last run")
    left, right = st.columns([1, 5], vertical_alignment="center")
    with left:
        parts.status_badge(record.status)
    right.markdown(
        f"Started {text.utc(record.started_at)} · "
        f"{text.counted(record.stats.performers_processed, 'performer')} read · "
        f"{text.counted(record.stats.errors, 'error')}"
    )
    if record.status == "needs_approval":
        st.warning(
            f"A candidate waits for a person: `trainer approve {text.plain(record.id)}` "
            f"publishes it, `trainer reject {text.plain(record.id)} --reason ...` does not; "
            "`trainer candidates` shows why it waits."
        )


def _trends(releases: list[Release]) -> None:
    st.subheader("Over releases")
    counts, shares = [], []
    for r in releases:
        when = r.manifest.version if r.manifest else r.version_id
        counts += [
            {"when": when, "what": "performers", "value": r.performers},
            {"when": when, "what": "faces", "value": r.faces},
        ]
        e = r.evaluation
        shares += [
            {"when": when, "what": "rank-1", "value": e.rank_1},
            {"when": when, "what": "false accepts at 0.5", "value": e.false_accept},
            {"when": when, "what": "one-face share", "value": e.one_face_share},
        ]
    left, middle, right = st.columns(3)
    with left:
        parts.trend("Performers and faces", counts)
    with middle:
        parts.trend("Accuracy", shares, share=True)
    with right:
        current = next((r for r in releases if r.current), releases[-1])
        histogram = sorted(current.evaluation.faces_per_performer.items())
        rows = [{"label": faces, "value": count} for faces, count in histogram]
        parts.bars("Faces per performer", rows, "faces", "performers")
