"""Stop a build from its page."""

from __future__ import annotations

import streamlit as st

from reports import acting, data
from reports.actions import airflow as actions
from reports.actions.role import role
from trainer.runs.ids import airflow_run
from trainer.staging.paths import RunDir


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
