"""One run: its parameters, what each source gave, its progress, its errors."""

from __future__ import annotations

import os
from collections import Counter
from urllib.parse import quote

import streamlit as st
from pydantic import ValidationError

from reports import data, parts, text
from reports.absent import absent
from reports.data import Figures
from reports.figures import Evaluation
from trainer.config.pipeline import STEPS
from trainer.identity.reviews import reviewed
from trainer.runs.record import RecordEntry, RunRecord
from trainer.staging.error_advice import advice
from trainer.staging.error_groups import STEP_FAILED, StageError
from trainer.staging.paths import DataDir


def show() -> None:
    """Show the run that the URL's `run_id` names, else one to choose."""
    st.title("One run")
    where = data.data_dir()
    entries = data.runs(where)
    wanted = st.query_params.get("run_id")
    entry = data.find_run(entries, wanted) if wanted else None
    if not entries and not wanted:
        parts.empty()
        return
    if wanted and entry is None:
        st.info(
            f"Run {text.markdown(wanted)} has no record yet: it appears when its first step "
            "starts. Reload the page then."
        )
        return
    entry = entry or _choose(entries)
    if entry.record is None:
        parts.problems([entry.error or entry.run_id])
        return
    _head(entry.record, st.query_params.get("dag_id"), wanted)
    _steps(where, entry.record)
    _sources(entry.record)
    _funnel(entry.record)
    _absent(where, entry.record)
    _reviews(where, entry.record)
    _scenes(entry.record)
    _gate(entry.record)
    _errors(entry.record)
    with st.expander("Parameters", icon=":material/tune:"):
        parts.table([{"Parameter": k, "Value": str(v)} for k, v in entry.record.params.items()])


def _choose(entries: list[RecordEntry]) -> RecordEntry:
    ids = [e.run_id for e in entries]
    return entries[ids.index(st.selectbox("Run", ids))]


def _head(record: RunRecord, dag_id: str | None, airflow_run: str | None) -> None:
    left, right = st.columns([1, 5], vertical_alignment="center")
    with left:
        parts.status_badge(record.status)
    ended = text.utc(record.completed_at) if record.completed_at else "not ended"
    right.markdown(f"{text.markdown(record.id)} · started {text.utc(record.started_at)} · {ended}")
    _airflow_link(dag_id, airflow_run)
    _figures(record)
    if record.release:
        st.caption(text.markdown(f"Published as {record.version} ({record.release})"))


def _airflow_link(dag_id: str | None, airflow_run: str | None) -> None:
    base = os.environ.get("TRAINER_AIRFLOW_URL", "").rstrip("/")
    if base and dag_id and airflow_run:
        url = f"{base}/dags/{quote(dag_id, safe='')}/runs/{quote(airflow_run, safe='')}"
        st.link_button("Open in Airflow", url, icon=":material/open_in_new:")


def _figures(record: RunRecord) -> None:
    diff = record.diff_from_previous
    figures = {
        "Performers read": record.stats.performers_processed,
        "New performers": diff.new_performers if diff else None,
        "Removed": diff.removed_performers if diff else None,
        "Merged": diff.merged_performers if diff else None,
        "New faces": diff.new_faces if diff else None,
        "Errors": record.stats.errors,
    }
    for column, (label, value) in zip(st.columns(6), figures.items(), strict=True):
        column.metric(label, text.number(value))


def _steps(where: DataDir, record: RunRecord) -> None:
    if record.steps:
        st.subheader("Steps")
        parts.table(
            [
                {"Step": name, "Status": s.status, "Time": text.duration(s.seconds)}
                for name, s in sorted(record.steps.items(), key=lambda item: _order(item[0]))
            ]
        )
    if record.status != "running":
        return
    stages, problems = data.progress(where, record.id)
    parts.problems(problems)
    for stage, figures in stages.items():
        st.progress(*_bar(stage, figures))


def _order(label: str) -> tuple[int, str]:
    """Return a sort key: steps in the order of the pipeline, `crawl-stashdb` with `crawl`."""
    names = [step.name for step in STEPS]
    step = max((n for n in names if label == n or label.startswith(f"{n}-")), key=len, default="")
    return (names.index(step) if step else len(names), label)


def _bar(stage: str, figures: Figures) -> tuple[float, str]:
    done, total, left = figures.done, figures.total, figures.seconds_left
    estimate = f", about {text.duration(left)} left" if left else ""
    label = f"{stage}: {done:,} of {total:,} {figures.unit}{estimate}"
    return (min(done / total, 1.0) if total else 0.0), text.markdown(label)


def _sources(record: RunRecord) -> None:
    st.subheader("Sources")
    rows = [
        {
            "Source": source,
            "Status": s.status,
            "Performers": s.performers,
            "Pages": s.pages,
            "Unchanged": s.pages_known + s.pages_not_modified,
            "Missing": s.pages_missing,
            "In doubt": s.pages_unconfirmed,
            "Unreadable": s.pages_unreadable,
            "Pictures fetched": s.images_fetched,
            "Known": s.images_known,
            "Refused": s.images_refused,
            "Failed": s.images_failed,
            "Faces": s.faces,
            "Errors": s.errors,
            "Reason": "; ".join(filter(None, [s.reason, *s.warnings])) or text.MISSING,
        }
        for source, s in record.stats.by_source.items()
    ]
    if rows:
        parts.table(rows)
    else:
        st.caption("No source has reported yet.")
    if record.embed:
        figures = (f"{name.replace('_', ' ')} {count:,}" for name, count in record.embed.items())
        st.caption("Embedding: " + text.markdown(", ".join(figures)))
    if record.quarantined:
        reasons = (f"{count:,} {reason}" for reason, count in record.quarantined.items())
        st.caption("Performers in quarantine: " + text.markdown(", ".join(reasons)))


def _funnel(record: RunRecord) -> None:
    """Show how far each source's pictures came, and their faces by selection rule."""
    rows = [
        {"Source": source, "Rule": rule.replace("_", " "), "Faces": count}
        for source, rules in record.funnel.items()
        for rule, count in sorted(rules.items(), key=lambda item: -item[1])
    ]
    if record.stages:
        st.subheader("How far pictures came")
        parts.table([{"Source": source} | way for source, way in record.stages.items()])
    if rows:
        st.subheader("Faces by rule")
        parts.table(rows)


def _absent(where: DataDir, record: RunRecord) -> None:
    """Show who was resolved and is not released: counts by reason, and those with most scenes."""
    if not record.absent:
        return
    st.subheader("Not in the release")
    listed = (f"{n:,} {reason.replace('_', ' ')}" for reason, n in record.absent.items())
    st.caption(text.markdown(", ".join(listed)))
    rows, problems = absent(where, record.id)
    parts.problems(problems)
    if rows:
        parts.table(rows)
        st.caption("Those with most scenes. All of them: `trainer performers absent`.")


def _reviews(where: DataDir, record: RunRecord) -> None:
    """Show what a person has to decide: counts by kind, and each item with its evidence."""
    items, problems = data.reviews(where, record.id)
    if not record.reviews and not items and not problems:
        return
    st.subheader("To review")
    parts.problems(problems)
    written = reviewed(where.run(record.id))
    counts = Counter(item.kind for item in items) if written else record.reviews
    listed = (f"{n:,} {kind.replace('_', ' ')}" for kind, n in sorted(counts.items()))
    st.caption(text.markdown(", ".join(listed)) or "None")
    if items:
        parts.table(
            [
                {
                    "Key": item.key,
                    "Kind": item.kind.replace("_", " "),
                    "Source": item.source,
                    "Performers": ", ".join(map(str, item.performers)),
                    "Evidence": item.text,
                    "URL": item.url,
                }
                for item in items
            ]
        )


def _scenes(record: RunRecord) -> None:
    """How the release answers pictures that are worse than its own."""
    try:
        measured = Evaluation.model_validate(
            {"scene_queries": (record.evaluation or {}).get("scene_queries", {})}
        )
    except ValidationError:
        parts.problems([f"run.json of {record.id}: the figures of degraded copies are unreadable"])
        return
    parts.scene_queries(measured.scene_queries)


def _gate(record: RunRecord) -> None:
    if not record.gate:
        return
    st.subheader("Gate")
    listed = record.gate.get("checks")
    checks = [c for c in listed if isinstance(c, dict)] if isinstance(listed, list) else []
    if not checks:
        parts.problems([f"run.json of {record.id}: the gate lists no checks"])
    if record.gate.get("passed"):
        st.success("All checks hold.")
    else:
        st.warning("Not all checks hold: a person decides.")
    parts.table(
        [
            {
                "Check": str(c.get("name")),
                "Holds": "yes" if c.get("ok") else "NO",
                "Expected": str(c.get("expected")),
                "Found": str(c.get("actual")),
            }
            for c in checks
        ]
    )


def _examples(error: StageError) -> str:
    return ", ".join(example.url for example in error.shown if example.url) or text.MISSING


def _errors(record: RunRecord) -> None:
    st.subheader("Errors")
    if not record.errors:
        st.caption("None")
        return
    parts.table(
        [
            {
                "Source": e.source or text.MISSING,
                "Kind": e.kind,
                "Field": e.field or text.MISSING,
                "Times": e.count,
                "Message": e.message,
                "Examples": _examples(e),
                "What to do": text.MISSING if e.kind == STEP_FAILED else advice(e.kind),
            }
            for e in record.errors
        ]
    )
