"""The pages of the reports, which `server.py` serves. Pages that show read DATA_DIR's published
files; pages that act change things through the `trainer` library and Airflow: an operator's only.

`/?dag_id=...&run_id=...` (Airflow's ids) opens that run: Airflow shows it as a tab.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import streamlit as st

# `streamlit run` puts this directory on the path, not the project's.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reports import text
from reports.actions.role import role
from reports.app_pages import (
    about,
    candidates,
    exclusions,
    health,
    new_build,
    overview,
    performers,
    quality,
    review,
    run,
    runs,
    sources,
    versions,
)
from reports.sign_in import gate
from trainer.errors import TrainerError


class Entry(NamedTuple):
    """A page: its address, its title, what shows it, its icon; hidden ones are reached by links,
    acting ones are an operator's."""

    name: str
    title: str
    show: Callable[[], None]
    icon: str
    group: str = ""
    hidden: bool = False
    acting: bool = False


def home() -> None:
    """The address Airflow's tab calls; without a run in it, the overview."""
    asked = {k: st.query_params[k] for k in ("dag_id", "run_id") if st.query_params.get(k)}
    if "run_id" in asked:
        st.switch_page(st.session_state["pages"]["run"], query_params=asked)
    overview.show()


# In the order of the navigation; the first is where one arrives.
PAGES = (
    Entry("overview", "Overview", home, "home"),
    Entry("new_build", "New build", new_build.show, "add", acting=True),
    Entry("runs", "Runs", runs.show, "history"),
    Entry("run", "Run", run.show, "play_circle", hidden=True),
    Entry("versions", "Versions", versions.show, "layers"),
    Entry("quality", "Quality", quality.show, "monitoring"),
    Entry("sources", "Sources", sources.show, "dns"),
    Entry("performers", "Performers", performers.show, "person"),
    Entry("review", "Review", review.show, "rule", acting=True),
    Entry("candidates", "Candidates", candidates.show, "approval", acting=True),
    Entry("exclusions", "Exclusions", exclusions.show, "block", acting=True),
    Entry("health", "Health", health.show, "health_and_safety"),
    Entry("about", "About", about.show, "info"),
)


def page_of(entry: Entry) -> st.Page:
    return st.Page(
        entry.show,
        title=entry.title,
        icon=f":material/{entry.icon}:",
        url_path=entry.name,
        default=entry is PAGES[0],
        visibility="hidden" if entry.hidden else "visible",
    )


def passes() -> bool:
    """Whether who looks may see the pages; settings that are wrong are said, and show nothing."""
    try:
        return gate.passes()
    except TrainerError as error:
        st.error(text.markdown(error), icon=":material/error:")
        return False


def may_act() -> bool:
    """Whether the pages that act are there; a role that is no role is shown, and is none."""
    try:
        return role() == "operator"
    except TrainerError as error:
        st.error(text.markdown(error), icon=":material/error:")
        return False


def main() -> None:
    """Show the chosen page."""
    st.set_page_config(page_title="Stash-sense trainer", page_icon=":bar_chart:", layout="wide")
    st.set_option("client.toolbarMode", "viewer")  # no Deploy button
    if not passes():
        return
    operator = may_act()
    pages = {entry.name: page_of(entry) for entry in PAGES if operator or not entry.acting}
    st.session_state["pages"] = pages
    groups: dict[str, list[st.Page]] = {}
    for entry in PAGES:
        if entry.name in pages:
            groups.setdefault(entry.group, []).append(pages[entry.name])
    page = st.navigation(groups)
    try:
        page.run()
    except TrainerError as error:
        st.error(text.markdown(error), icon=":material/error:")


main()
