"""Corrects a run's record at once when a person stops the run in Airflow, and has the workers of a
scheduler end with it.

Airflow ends the tasks of such a run without any callback of theirs, and `report` never runs. Where
a step failed by itself the record says so already, and nothing is changed here.
"""

from __future__ import annotations

import logging
from typing import Any

from airflow.listeners import hookimpl

from trainer_airflow.guard import DAG_ID
from trainer_airflow.supervised import end_forks_with_component

log = logging.getLogger(__name__)

STOPPED = "it was stopped in Airflow"


@hookimpl  # type: ignore[untyped-decorator]
def on_starting(component: Any) -> None:
    """Called in each of Airflow's components before it forks anything, and in each task."""
    if hasattr(component, "latest_heartbeat"):  # the job of a component; a task has none
        end_forks_with_component()


@hookimpl  # type: ignore[untyped-decorator]
def on_dag_run_failed(dag_run: Any, msg: str) -> None:
    """Called in the api-server or the scheduler, whose work goes on whatever happens here."""
    if dag_run.dag_id != DAG_ID:
        return
    try:
        _close(str(dag_run.run_id))
    except Exception:
        log.exception("the record of run %s could not be corrected", dag_run.run_id)


def _close(run_id: str) -> None:
    from trainer.config.settings import Settings
    from trainer.pipeline.interrupted import close_run
    from trainer.pipeline.stored import stored
    from trainer.runs.context import RunContext

    context = RunContext.open(Settings.load(), run_id)
    with stored(context.settings, context.run.run_id, "mark_failed"):
        close_run(context, STOPPED)
