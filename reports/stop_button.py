"""Stop a build from its page, and go on with one that was stopped or failed."""

from __future__ import annotations

import streamlit as st

from reports import acting, data
from reports.actions import airflow as actions
from reports.actions.role import role
from trainer.runs.ids import airflow_run
from trainer.staging.paths import RunDir


def go_on(run: RunDir) -> None:
    """For an operator, of a run of Airflow's that failed or was stopped."""
    if role() != "operator" or airflow_run(run) is None or actions.airflow() is None:
        return
    if st.button("Go on with this run", icon=":material/resume:"):
        acting.perform(lambda: actions.go_on(run))


def show(run: RunDir) -> None:
    """For an operator; a build that a terminal started is stopped there."""
    if role() != "operator":
        return
    if airflow_run(run) is None:
        st.caption("This build was started in a terminal: `trainer stop` there ends it.")
        return
    with st.popover("Stop this build", icon=":material/stop_circle:"):
        st.markdown(
            "What was fetched and embedded is kept, and the current release stays as it is. The "
            "run can be gone on with."
        )
        if st.button("Stop it", type="primary"):
            acting.perform(lambda: actions.stop_run(data.data_dir(), run))
