"""The reports: `streamlit run reports/app.py`. Reads DATA_DIR's published files, decides nothing.

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
from reports.app_pages import about, overview, quality, run, runs, versions
from trainer.errors import TrainerError


class Entry(NamedTuple):
    """A page: its address, its title, what shows it, its icon; hidden ones are reached by links."""

    name: str
    title: str
    show: Callable[[], None]
    icon: str
    group: str = ""
    hidden: bool = False


def home() -> None:
    """The address Airflow's tab calls; without a run in it, the overview."""
    asked = {k: st.query_params[k] for k in ("dag_id", "run_id") if st.query_params.get(k)}
    if "run_id" in asked:
        st.switch_page(st.session_state["pages"]["run"], query_params=asked)
    overview.show()


# In the order of the navigation; the first is where one arrives.
PAGES = (
    Entry("overview", "Overview", home, "home"),
    Entry("runs", "Runs", runs.show, "history"),
    Entry("run", "Run", run.show, "play_circle", hidden=True),
    Entry("versions", "Versions", versions.show, "layers"),
    Entry("quality", "Quality", quality.show, "monitoring"),
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


def main() -> None:
    """Show the chosen page, with the guard-rails beside it."""
    st.set_page_config(page_title="Stash-sense trainer", page_icon=":bar_chart:", layout="wide")
    st.set_option("client.toolbarMode", "viewer")  # no Deploy button
    pages = {entry.name: page_of(entry) for entry in PAGES}
    st.session_state["pages"] = pages
    groups: dict[str, list[st.Page]] = {}
    for entry in PAGES:
        groups.setdefault(entry.group, []).append(pages[entry.name])
    page = st.navigation(groups)
    try:
        page.run()
    except TrainerError as error:
        st.error(text.markdown(error), icon=":material/error:")


main()
