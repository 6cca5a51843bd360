"""What was changed in the operator's files, and taking the last change back."""

from __future__ import annotations

import streamlit as st

from reports import acting, parts, text
from reports.actions import sources as actions
from trainer.errors import TrainerError
from trainer.overrides.entries import Entry
from trainer.staging.paths import DataDir


def show(directory: DataDir, *, operator: bool) -> None:
    """The changes, newest first; what one of them did; undo for an operator."""
    st.subheader("Changes")
    try:
        entries = actions.listed(directory)
        last = actions.last(directory) if operator else None
    except TrainerError as error:
        st.error(text.markdown(error))
        return
    if not entries:
        st.caption("Nothing was changed here or on the command line yet.")
        return
    parts.table([_row(entry) for entry in entries])
    by_number = {entry.number: entry for entry in entries}
    number = st.selectbox("What change", list(by_number), key="change_shown")
    st.code(by_number[number].diff, language="diff", wrap_lines=True)
    if last is not None:
        help_ = f"Puts back what {last.file} was before change {last.number}"
        if st.button(f"Take change {last.number} back", icon=":material/undo:", help=help_):
            acting.perform(lambda: actions.take_back(directory))


def _row(entry: Entry) -> dict[str, object]:
    return {
        "Number": entry.number,
        "When": text.moment(entry.at),
        "By": text.plain(entry.by),
        "File": entry.file,
        "What": text.plain(entry.what),
        "Taken back": text.moment(entry.undone_at),
    }
