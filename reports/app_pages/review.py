"""What a person has to look at, with the evidence side by side; the decisions, and undo."""

from __future__ import annotations

import streamlit as st

from reports import acting, data, parts, performer_view, review_faces, text
from reports.actions import review as actions
from trainer.identity.reviews import Review
from trainer.pipeline.performer_report import PerformerReport
from trainer.pipeline.review_subjects import PAGES, can_confirm
from trainer.staging.paths import DataDir

MOST_BESIDE = 3  # performers side by side; a question is nearly always about two
MOST_LISTED = 200


def show() -> None:
    if not acting.head("Review"):
        return
    directory = data.data_dir()
    found = actions.items(directory)
    if found.open:
        st.caption(text.markdown(f"{text.counted(len(found.open), 'item')} of run {found.run_id}"))
        _decide(directory, str(found.run_id), _choose(found.open))
    else:
        st.info("Nothing waits for you. A build writes here what it could not decide.")
    review_faces.show(directory)
    _decisions(directory)
    _left(directory, found)


def _choose(items: list[Review]) -> Review:
    kinds = sorted({item.kind for item in items})
    wanted = st.multiselect("Kinds", kinds, format_func=_words, placeholder="All kinds")
    shown = [item for item in items if not wanted or item.kind in wanted]
    if len(shown) > MOST_LISTED:
        st.caption(f"The first {MOST_LISTED:,} of {len(shown):,}; choose kinds to see others.")
    by_key = {item.key: item for item in shown[:MOST_LISTED]}
    key = st.selectbox("Item", list(by_key), format_func=lambda k: text.plain(_title(by_key[k])))
    return by_key[key]


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def _title(item: Review) -> str:
    return f"{_words(item.kind)}: {item.text}"[:160]


def _decide(directory: DataDir, run_id: str, item: Review) -> None:
    named = item.text.startswith(f"{item.source}:")
    st.markdown(text.markdown(item.text if named else f"{item.source}: {item.text}"))
    st.code(text.plain(item.url), language=None, wrap_lines=True)
    reports = actions.evidence(directory, item)
    for start in range(0, len(reports), MOST_BESIDE):
        beside = reports[start : start + MOST_BESIDE]
        for column, report in zip(st.columns(len(beside)), beside, strict=True):
            with column:
                performer_view.summary(report)
    _confirm(directory, run_id, item)
    _merge(directory, item, reports)
    _split(directory, item, reports)
    with st.expander("Leave it as it is"):
        why = acting.reason_form(f"leave-{item.key}", "Leave it")
        if why is not None:
            acting.perform(lambda: actions.leave(directory, item.key, why))


def _confirm(directory: DataDir, run_id: str, item: Review) -> None:
    if not can_confirm(item):
        return
    what = "page" if item.kind in PAGES else "face"
    with st.expander(f"It is the performer's {what}: confirm"):
        owner = st.selectbox("Whose", item.performers, key=f"owner-{item.key}")
        why = acting.reason_form(f"confirm-{item.key}", f"Confirm the {what} of the item")
        if why is not None:
            acting.perform(lambda: actions.confirm(directory, run_id, item, owner, why))


def _merge(directory: DataDir, item: Review, reports: list[PerformerReport]) -> None:
    if len(reports) < 2:
        return
    with st.expander("They are one person: merge"):
        ids = [report.performer_id for report in reports]
        one = st.selectbox("Performer", ids, key=f"one-{item.key}")
        other = st.selectbox(
            "Is the same as", [n for n in ids if n != one], key=f"other-{item.key}"
        )
        why = acting.reason_form(f"merge-{item.key}", "Merge")
        if why is not None:
            acting.perform(lambda: actions.merge(directory, str(one), str(other), why))


def _split(directory: DataDir, item: Review, reports: list[PerformerReport]) -> None:
    records = [row["record"] for report in reports for row in report.records]
    if len(records) < 2:
        return
    with st.expander("Records of another person are among them: split"):
        out = st.multiselect("Records that leave", records, key=f"out-{item.key}")
        why = acting.reason_form(f"split-{item.key}", "Split")
        if why is not None and not out:
            st.error("No record is chosen; name those that should leave.")
        elif why is not None:
            acting.perform(lambda: actions.split(directory, out, why))


def _decisions(directory: DataDir) -> None:
    st.subheader("Decisions")
    decided = actions.decisions(directory)
    if not decided:
        st.caption("Nobody decided anything yet.")
        return
    parts.table(
        [
            {
                "Number": d.number,
                "Decision": d.action,
                "Records": actions.sides(d),
                "Reason": d.reason,
                "When": text.utc(d.decided_at),
                "Taken back": text.utc(d.undone_at) if d.undone_at else "",
            }
            for d in decided
        ]
    )
    numbers = [d.number for d in decided if not d.undone_at]
    if numbers:
        number = st.selectbox("Take back decision", numbers)
        if st.button("Take it back"):
            acting.perform(lambda: actions.take_back(directory, number))


def _left(directory: DataDir, found: actions.Items) -> None:
    if not found.left:
        return
    st.subheader("Left as they are")
    rows = [
        {"Item": _words(r.kind), "What": r.text, "Reason": r.reason, "When": text.utc(r.left_at)}
        for r in found.left
    ]
    parts.table(rows)
    by_key = {r.key: r for r in found.left}
    key = st.selectbox(
        "Ask again about", list(by_key), format_func=lambda k: text.plain(by_key[k].text)[:160]
    )
    if st.button("Ask again"):
        acting.perform(lambda: actions.ask_again(directory, key))
