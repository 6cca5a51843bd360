"""Search for a performer, and all that is known of one. `/performers?who=...` opens it."""

from __future__ import annotations

import streamlit as st

from reports import data, performer_view, text
from trainer.config.sources import load_sources
from trainer.errors import ConfigError
from trainer.pipeline.performer_lookup import find_performers
from trainer.pipeline.performer_report import performer_report
from trainer.state.store import read_identities


def show() -> None:
    st.title("Performers")
    asked = str(st.query_params.get("who", ""))
    who = st.text_input(
        "A name, an alias, an id or an address",
        value=asked,
        placeholder="Part of a name, stashdb:..., or https://...",
    )
    if not who or not who.strip():
        st.caption("Find a performer by any of these. Pictures are never shown.")
        return
    st.query_params["who"] = who.strip()
    directory = data.data_dir()
    sources, known = load_sources(directory.root), read_identities(directory.state_db)
    try:
        numbers = find_performers(directory, sources, known, who)
    except ConfigError as error:
        st.info(text.markdown(error))
        return
    reports = {number: performer_report(directory, sources, known, number) for number in numbers}
    chosen = numbers[0]
    if len(numbers) > 1:
        chosen = st.selectbox(
            f"{len(numbers):,} found",
            numbers,
            format_func=lambda number: text.plain(performer_view.title(reports[number])),
        )
    performer_view.whole(reports[chosen])
