"""What is wrong with the machine and DATA_DIR, and what helps: `trainer doctor` as a page."""

from __future__ import annotations

import streamlit as st

from reports import text
from reports.actions.role import role
from trainer.config.settings import Settings
from trainer.health.doctor import examine, headline
from trainer.health.finding import Finding
from trainer.staging.clock import now

WORDS = {"ok": "well", "warning": "look at it", "bad": "wrong", "skipped": "not looked at"}


def show() -> None:
    """The findings that need no network; sources and Airflow are asked on demand."""
    st.title("Health")
    online = role() == "operator" and st.button(
        "Ask sources, browsers and Airflow", help="One request each."
    )
    with st.spinner("Looking"):
        found = list(examine(Settings.load(), now(), online=online, reader=True))
    (st.error if any(f.level == "bad" for f in found) else st.info)(text.markdown(headline(found)))
    st.dataframe(rows(found), hide_index=True, width="stretch")
    st.markdown("The same in a shell, with every file read: `trainer doctor --deep`")


def rows(found: list[Finding]) -> list[dict[str, str]]:
    """One row per finding, those that need somebody first."""
    order = ("bad", "warning", "ok", "skipped")
    return [
        {
            "State": WORDS[one.level],
            "What": one.name,
            "Found": one.text,
            "What helps": one.help.replace("`", ""),
        }
        for one in sorted(found, key=lambda one: order.index(one.level))
    ]
