"""The form that changes one source: choose, look at the change, write it."""

from __future__ import annotations

from typing import Any, get_args

import streamlit as st

from reports import acting, text
from reports.actions import sources as actions
from trainer.config.sources import SourceConfig
from trainer.errors import TrainerError
from trainer.overrides.proposal import Proposal
from trainer.staging.paths import DataDir

GENDERS = (*("FEMALE", "MALE", "TRANSGENDER_FEMALE", "TRANSGENDER_MALE", "INTERSEX", "NON_BINARY"),)
TRUST = get_args(SourceConfig.model_fields["trust"].annotation)
_EDITING = "source_editing"  # the source whose form is open
_PROPOSED = "source_proposed"  # the change that is looked at


def button(source: SourceConfig) -> None:
    """Opens the form of a source, and closes that of another one."""
    if st.session_state.get(_EDITING) != source.key:
        st.button(
            f"Change {text.markdown(source.key)}",
            key=f"change-{source.key}",
            icon=":material/edit:",
            on_click=_edit,
            args=(source.key,),
        )


def show(directory: DataDir, source: SourceConfig) -> None:
    """The form where it is open, or the change that is to be confirmed."""
    if st.session_state.get(_EDITING) != source.key:
        return
    proposed: Proposal | None = st.session_state.get(_PROPOSED)
    if proposed is None:
        _choose(directory, source)
    else:
        _confirm(directory, proposed)


def _edit(key: str | None) -> None:
    st.session_state[_EDITING] = key
    st.session_state[_PROPOSED] = None


def _choose(directory: DataDir, source: SourceConfig) -> None:
    with st.form(f"form-{source.key}", border=False):
        chosen = _fields(source)
        if source.terms.strip() and not source.enabled:
            st.caption(f"Its terms: {text.markdown(source.terms.strip())}")
        wanted = st.form_submit_button("Look at the change", type="primary")
    st.button("Close", key=f"close-{source.key}", on_click=_edit, args=(None,))
    if not wanted:
        return
    try:
        found = actions.proposal(directory, source, chosen)
    except TrainerError as error:
        st.error(text.markdown(error))
        return
    if found is None:
        st.info("Nothing differs from how the source is asked now.")
        return
    st.session_state[_PROPOSED] = found
    st.rerun()


def _fields(source: SourceConfig) -> dict[str, Any]:
    """A widget for each of `actions.FIELDS`; returns what is chosen."""
    key = source.key
    enabled = st.toggle("Ask this source", source.enabled, key=f"enabled-{key}")
    rate = st.number_input(
        "Requests per minute, at most",
        1,
        actions.fastest(source),
        source.requests_per_minute,
        key=f"rate-{key}",
        help="Never more than what is agreed for the site.",
    )
    trust = st.selectbox("Trust", TRUST, TRUST.index(source.trust), key=f"trust-{key}")
    faces = st.number_input(
        "Faces per performer, at most",
        0,
        100,
        source.max_faces or 0,
        key=f"faces-{key}",
        help="0: only the limit of the build (max_faces_per_source) holds.",
    )
    genders = st.multiselect(
        "Only these genders",
        list(dict.fromkeys([*GENDERS, *source.gender_filter])),
        source.gender_filter,
        format_func=lambda gender: text.plain(text.words(gender).lower()),
        placeholder="All",
        key=f"genders-{key}",
    )
    values = (enabled, rate, trust, faces or None, genders)
    return dict(zip(actions.FIELDS, values, strict=True))


def _confirm(directory: DataDir, proposed: Proposal) -> None:
    st.markdown(f"**{text.markdown(proposed.file)}** becomes:")
    st.code(proposed.diff, language="diff", wrap_lines=True)
    with st.container(horizontal=True):
        if st.button("Write it", type="primary"):
            acting.perform(lambda: _write(directory, proposed))
        st.button("Leave it", on_click=_edit, args=(None,))


def _write(directory: DataDir, proposed: Proposal) -> str:
    said = actions.write(directory, proposed)
    _edit(None)
    return said
