"""Who and what is excluded; add with a look at who goes with it, take back, purge."""

from __future__ import annotations

from typing import cast

import streamlit as st

from reports import acting, data, parts, text
from reports.actions import exclusions as actions
from trainer.errors import TrainerError
from trainer.staging.paths import DataDir

KINDS = {
    "id": "A performer, by id",
    "url": "A profile, a page or a picture, by its address",
    "person": "A person, by name and birth date",
    "image": "A picture, by its hash",
}


def show() -> None:
    if not acting.head("Exclusions"):
        return
    directory = data.data_dir()
    _listed(directory)
    _add(directory)
    _purge(directory)


def _listed(directory: DataDir) -> None:
    entries = actions.listed(directory)
    if not entries:
        st.info("Nobody is excluded.")
        return
    parts.table(
        [
            {
                "Number": e.number,
                "Kind": e.kind,
                "What": e.value,
                "Reason": e.reason,
                "Added": text.utc(e.added_at),
                "Taken back": text.utc(e.removed_at) if e.removed_at else "",
                "Belongs to it": len(e.members),
            }
            for e in entries
        ]
    )
    numbers = [e.number for e in entries if not e.removed_at]
    if numbers:
        number = st.selectbox("Take back exclusion", numbers)
        if st.button("Take it back"):
            acting.perform(lambda: actions.take_back(directory, number))


def _add(directory: DataDir) -> None:
    st.subheader("Exclude")
    by = st.selectbox("What", list(KINDS), format_func=lambda kind: KINDS[kind])
    given = st.text_input("Name, id, address or hash", key=f"given-{by}")
    born = st.text_input("Birth date, YYYY-MM-DD", key="born") if by == "person" else ""
    if not given:
        st.caption("Before anything is stored, you see who goes with it.")
        return
    try:
        kind = cast("actions.By", by)
        entries = actions.entries_of(directory, kind, given, born or "")
        found = actions.preview(directory, entries)
    except TrainerError as error:
        st.error(text.markdown(error))
        return
    _preview(found)
    why = acting.reason_form("exclude", "Exclude")
    if why is not None:
        acting.perform(lambda: actions.exclude(directory, entries, why))


def _preview(found: actions.Preview) -> None:
    st.markdown("**What is excluded**")
    parts.table([{"Kind": kind, "What": value} for kind, value in found.entries])
    if found.people:
        st.markdown(f"**{text.counted(len(found.people), 'other record')} with it**")
        parts.table([{"Record": r, "Who, and why": why} for r, why in found.people.items()])
    else:
        st.caption("No other record goes with it.")
    st.caption(f"{text.counted(found.images, 'picture')} of these are known here.")


def _purge(directory: DataDir) -> None:
    st.subheader("Purge")
    st.caption("Deletes the pictures, vectors and records of excluded people that are here.")
    if st.button("Purge..."):
        _confirm(directory)


@st.dialog("Delete what is here of excluded people?")
def _confirm(directory: DataDir) -> None:
    st.markdown("This cannot be undone. Releases that hold them are named, not changed.")
    if st.button("Delete now", type="primary"):
        acting.perform(lambda: "; ".join(actions.purged_lines(actions.purge_now(directory))))
