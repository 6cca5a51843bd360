"""Start a build in Airflow from a form, or see the command that does it; stop one."""

from __future__ import annotations

from typing import Any

import streamlit as st

from reports import acting, build_costs, data, parts, source_choice, text
from reports.actions import airflow as actions
from reports.queries import runs as run_queries
from reports.queries.source_choice import Choice, choices
from reports.queries.sources import answered
from trainer.config.environment import environment
from trainer.config.params import form_fields
from trainer.config.sources import load_sources
from trainer.services.airflow_client import Airflow
from trainer.services.given_keys import with_noted_names
from trainer.staging.paths import DataDir

_STARTED = "build_started"  # Airflow's id of the run that was started here


def show() -> None:
    """Once a build is started, its run is shown."""
    if started := st.session_state.pop(_STARTED, None):
        parts.open_page("run", run_id=started)
    if not acting.head("New build"):
        return
    directory = data.data_dir()
    sources = load_sources(directory.root)
    client = actions.airflow()
    runs = run_queries.summaries(directory).runs
    given = with_noted_names(environment(), directory.root)
    conf = _form(choices(sources, given, answered(runs, sources)))
    if conf["sources"] is not None:
        build_costs.show(directory, sources, conf, [run.run_id for run in runs])
        _offer(client, conf, list(sources))
    if client is not None:
        _running(client, directory)


def _offer(client: Airflow | None, conf: dict[str, Any], known: list[str]) -> None:
    """A button that starts the build, or the command that does."""
    if client is None:
        st.info(text.markdown(actions.HOW_TO))
        st.code(actions.shell_command(conf), language="shell")
    elif st.button("Start build", type="primary"):
        acting.perform(lambda: _start(client, conf, known))


def _start(client: Airflow, conf: dict[str, Any], known: list[str]) -> str:
    run_id = actions.start(client, conf, known)
    st.session_state[_STARTED] = run_id
    return f"run {run_id} is started"


def _form(sources: list[Choice]) -> dict[str, Any]:
    """A value for each parameter, by its JSON schema; None for `sources` where none is ticked."""
    return {
        name: source_choice.show(sources, field["description"])
        if name == "sources"
        else _field(name, field)
        for name, field in form_fields().items()
    }


def _field(name: str, field: dict[str, Any]) -> Any:
    label, help_text, default = _label(name), field["description"], field["default"]
    if field.get("type") == "boolean":
        return st.checkbox(label, value=default, key=name, help=help_text)
    if "enum" in field:
        options = field["enum"]
        return st.selectbox(label, options, options.index(default), key=name, help=help_text)
    low, high = field.get("minimum"), field.get("maximum")
    number = st.number_input(label, low, high, default, step=1, key=name, help=help_text)
    return None if number is None else int(number)


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _running(client: Airflow, directory: DataDir) -> None:
    st.subheader("Running builds")
    runs = client.running()
    if not runs:
        st.caption("No build is running.")
        return
    parts.table([{"Run": r.id, "State": r.state, "Since": r.started_at} for r in runs])
    run_id = st.selectbox("Run", [run.id for run in runs])
    if st.button("Stop"):
        acting.perform(lambda: actions.stop(client, directory, run_id))
