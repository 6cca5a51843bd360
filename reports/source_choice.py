"""The sources of a new build as checkboxes, by their kind."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import streamlit as st

from reports import parts, text
from reports.queries.source_choice import Choice, chosen_sources

_KEY = "source-{}"


def show(found: Sequence[Choice], about: str) -> list[str] | None:
    """The parameter `sources` as it is ticked; None where nothing is, and says so."""
    st.markdown("**Sources**", help=about)
    _all_or_none(found)
    ticked = []
    for group, members in groupby(found, lambda choice: choice.group):
        st.caption(group)
        with st.container(horizontal=True, gap="medium"):
            ticked += [choice.key for choice in members if _checkbox(choice)]
    if any(not choice.can_run for choice in found):
        parts.link("sources", "Switch sources on or off", ":material/tune:")
    chosen = chosen_sources(found, ticked)
    if chosen is None:
        st.warning("No source is ticked: tick at least one.", icon=":material/check_box:")
    return chosen


def _all_or_none(found: Sequence[Choice]) -> None:
    can = [choice.key for choice in found if choice.can_run]
    with st.container(horizontal=True, gap="small"):
        st.button("All", key="sources-all", on_click=_tick, args=(can, True), disabled=not can)
        st.button("None", key="sources-none", on_click=_tick, args=(can, False), disabled=not can)


def _tick(keys: Sequence[str], value: bool) -> None:
    for key in keys:
        st.session_state[_KEY.format(key)] = value


def _checkbox(choice: Choice) -> bool:
    """With what is missing in its label, so that it is there on a telephone and read aloud."""
    short, _, advice = choice.reason.partition("; ")
    label = f"{choice.key}: {short}" if short else choice.key
    name = _KEY.format(choice.key)
    if not choice.can_run:
        st.checkbox(
            text.markdown(label), value=False, key=f"{name}-off", disabled=True, help=_help(advice)
        )
        return False
    st.session_state.setdefault(name, True)
    return st.checkbox(text.markdown(label), key=name, help=_help(advice))


def _help(advice: str) -> str | None:
    return text.markdown(advice[:1].upper() + advice[1:] + ".") if advice else None
