"""Writes a failed task into the run's own record, where the reports and the CLI read it."""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseNotifier

from trainer.config.settings import Settings
from trainer.reasons import failure
from trainer.staging.paths import DataDir


class RecordFailure(BaseNotifier):  # type: ignore[misc]
    """`on_failure_callback`: the step's name and the error's message go into run.json."""

    def notify(self, context: Any) -> None:
        """Note the failed task in the run's record, with the reason where there is an exception."""
        task_instance = context["ti"]
        settings = Settings.load()
        run_id = DataDir(settings.data_dir).run(context["run_id"]).run_id
        if task_instance.task_id == "report" and _has_failed(settings, run_id):
            return  # `report` fails on purpose when an earlier step did, which is recorded already
        from trainer.pipeline.run import mark_failed

        error = context.get("exception")
        message = "the task was killed or lost; see its log in Airflow"
        if error is not None:
            message = failure(error)
        mark_failed(run_id, settings, step_label(context), message)


def step_label(context: Any) -> str:
    """`embed-000-of-001` for a mapped task, the step's name for others."""
    task = context.get("task")
    key = getattr(task, "key_name", None)
    task_id: str = context["ti"].task_id
    return f"{task_id}-{key}" if isinstance(key, str) and key else task_id


def _has_failed(settings: Settings, run_id: str) -> bool:
    from trainer.pipeline.stored import bring_records
    from trainer.runs.record import read_record

    bring_records(settings)
    path = DataDir(settings.data_dir).run(run_id).record
    return path.exists() and read_record(path).status == "failed"
