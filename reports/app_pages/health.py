"""What is wrong with the machine and DATA_DIR, and what helps: `trainer doctor` as a page."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from reports import parts, text
from reports.actions.role import role
from trainer.config.settings import Settings
from trainer.health.doctor import examine, headline
from trainer.health.finding import Finding
from trainer.staging.clock import now

ICONS = {"bad": (":material/cancel:", st.error), "warning": (":material/error:", st.warning)}
WORDS = {"ok": "well", "skipped": "not looked at"}


def show() -> None:
    """The findings that need no network; sources and Airflow are asked on demand."""
    st.title("Health")
    online = role() == "operator" and st.button(
        "Ask sources, browsers and Airflow", help="One request each."
    )
    with st.spinner("Looking"):
        found = list(examine(Settings.load(), now(), online=online, reader=True))
    st.markdown(f"**{text.markdown(headline(found))}**")
    for level in ICONS:
        for one in (one for one in found if one.level == level):
            _say(one)
    rest = rows(found)
    if rest:
        st.subheader("All else")
        parts.text_table(rest)
    st.markdown("The same in a shell, with every file read: `trainer doctor --deep`")


def _say(one: Finding) -> None:
    """What is wrong with one thing, and what helps, in sentences that wrap on a telephone."""
    icon, shown = ICONS[one.level]
    helps = f" \u2192 {text.with_code(one.help)}" if one.help else ""
    shown(f"**{text.markdown(one.name)}**: {text.markdown(one.text)}{helps}", icon=icon)


def rows(found: Sequence[Finding]) -> list[dict[str, str]]:
    """A row for each finding that needs nobody."""
    order = list(WORDS)
    needless = [one for one in found if one.level in WORDS]
    return [
        {"What": one.name, "State": WORDS[one.level], "Found": one.text}
        for one in sorted(needless, key=lambda one: order.index(one.level))
    ]
