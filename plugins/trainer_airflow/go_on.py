"""After a first release that came early, another run of the same DAG fetches the rest."""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk.exceptions import AirflowSkipException

from trainer.config.settings import Settings
from trainer.staging.names import with_hash
from trainer_airflow.decide import LONGEST_RUN_ID

BUILD_DAG = "build_performer_database"


class GoOnFetching(TriggerDagRunOperator):  # type: ignore[misc]
    """Triggers the next run where `first_release_after_hours` ended this one's fetching; else it is
    skipped. The next one waits until this run has ended."""

    trigger_run_id: str
    conf: dict[str, Any]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            trigger_dag_id=BUILD_DAG,
            conf={},
            trigger_run_id="{{ dag_run.run_id }}_goes_on",
            skip_when_already_exists=True,
            **kwargs,
        )

    def execute(self, context: Any) -> Any:
        """Trigger the next run with what is left of this one's parameters."""
        from trainer.pipeline.follow_up import follow_up
        from trainer.pipeline.stored import bring_records
        from trainer.runs.context import RunContext

        run = RunContext.open(Settings.load(), context["run_id"])
        bring_records(run.settings, f"runs/{run.run.run_id}/staging/*/_RUN.json")
        more = follow_up(run)
        if more is None:
            raise AirflowSkipException("nothing is left, or this is no first release")
        self.conf = more
        name = self.trigger_run_id  # rendered by now
        if len(name) > LONGEST_RUN_ID:
            self.trigger_run_id = with_hash(name, name, LONGEST_RUN_ID)
        return super().execute(context)
