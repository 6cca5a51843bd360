"""The reports: `streamlit run reports/app.py`. Reads DATA_DIR's published files, decides nothing.

`/?dag_id=...&run_id=...` (Airflow's ids) opens that run: Airflow shows it as a tab.
"""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

# `streamlit run` puts this directory on the path, not the project's.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from reports import text
from reports.actions.role import role
from reports.app_pages import (
    candidates,
    exclusions,
    new_build,
    overview,
    performers,
    review,
    run,
    runs,
    versions,
)
from trainer.errors import TrainerError

GUARD_RAILS = (
    "Named performers out of curated sources only. No pictures here, and none in a release. "
    "Strangers given a name are the worst error: every release measures how often."
)


def home() -> None:
    """The address Airflow's tab calls; without a run in it, the overview."""
    asked = {k: st.query_params[k] for k in ("dag_id", "run_id") if st.query_params.get(k)}
    if "run_id" in asked:
        st.switch_page(st.session_state["run_page"], query_params=asked)
    overview.show()


def acting_pages() -> list[st.Page]:
    """Pages on which an operator decides; a viewer has none of them."""
    try:
        if role() == "viewer":
            return []
    except TrainerError as error:
        st.error(text.markdown(error))
        return []
    return [
        st.Page(new_build.show, title="New build", icon=":material/add:", url_path="new_build"),
        st.Page(review.show, title="Review", icon=":material/rule:", url_path="review"),
        st.Page(
            candidates.show, title="Candidates", icon=":material/approval:", url_path="candidates"
        ),
        st.Page(
            exclusions.show, title="Exclusions", icon=":material/block:", url_path="exclusions"
        ),
    ]


def main() -> None:
    st.set_page_config(page_title="Stash-sense trainer", page_icon=":bar_chart:", layout="wide")
    st.set_option("client.toolbarMode", "viewer")  # no Deploy button
    one_run = st.Page(run.show, title="One run", icon=":material/play_circle:", url_path="run")
    st.session_state["run_page"] = one_run
    page = st.navigation(
        [
            st.Page(home, title="Overview", icon=":material/home:", default=True),
            st.Page(runs.show, title="Runs", icon=":material/history:", url_path="runs"),
            one_run,
            st.Page(versions.show, title="Versions", icon=":material/layers:", url_path="versions"),
            st.Page(
                performers.show, title="Performers", icon=":material/person:", url_path="performers"
            ),
            *acting_pages(),
        ]
    )
    with st.sidebar:
        st.markdown("**Guard-rails**")
        st.caption(GUARD_RAILS)
    try:
        page.run()
    except TrainerError as error:
        st.error(text.markdown(error))


main()
