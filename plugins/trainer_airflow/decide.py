"""A candidate's question to a person, as Airflow's human-in-the-loop asks it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import BaseOperator, Param
from airflow.sdk.exceptions import AirflowSkipException

from trainer.config.settings import Settings
from trainer.errors import RetryLater
from trainer.staging.lock import Busy
from trainer.staging.names import with_hash
from trainer.staging.paths import DataDir
from trainer_airflow.retry import retry_policy

DECIDE_DAG = "decide_release"
REASON = {"reason": Param("", type="string", title="Reason, of a rejection")}
LONGEST_RUN_ID = 250  # of Airflow's metadata database
BUSY_SECONDS = 1800.0  # until a decision that met a build is tried again
APPROVE, REJECT, LATER = "Approve", "Reject", "Leave it as a candidate"


class AskForApproval(TriggerDagRunOperator):  # type: ignore[misc]
    """Starts `decide_release` for a run that `publish` did not publish; else it is skipped.

    A separate DAG, so that a question that nobody answers holds up no weekly build.
    """

    trigger_run_id: str

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            trigger_dag_id=DECIDE_DAG,
            conf={"run_id": "{{ dag_run.run_id }}"},
            trigger_run_id="decide_{{ dag_run.run_id }}",
            skip_when_already_exists=True,
            **kwargs,
        )

    def execute(self, context: Any) -> Any:
        """Trigger `decide_release`; skipped where the run was published."""
        result = context["ti"].xcom_pull(task_ids="publish")
        if not isinstance(result, dict) or result.get("published", True):
            raise AirflowSkipException("nothing waits for a person")
        name = self.trigger_run_id  # rendered by now
        if len(name) > LONGEST_RUN_ID:
            self.trigger_run_id = with_hash(name, name, LONGEST_RUN_ID)
        return super().execute(context)


class ReleaseQuestion(HITLOperator):  # type: ignore[misc]
    """Shows the gate's failures and the diff; after a month without an answer nothing happens.

    To be given `params=REASON`.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            subject="Publish this release?",
            options=[APPROVE, REJECT, LATER],
            defaults=LATER,
            response_timeout=timedelta(days=30),
            **kwargs,
        )

    def execute(self, context: Any) -> Any:
        """Ask about the run's candidate, with its gate and its diff."""
        from trainer.pipeline.approve import candidate
        from trainer.pipeline.stored import bring_records

        settings = Settings.load()
        run = DataDir(settings.data_dir).run(context["params"]["run_id"])
        bring_records(settings, f"runs/{run.run_id}/release/*.json")
        found = candidate(settings, run.run_id)
        self.subject = f"Publish the release of run {found.run_id}?"
        self.body = question(found.gate, found.diff)
        return super().execute(context)


class ApplyDecision(BaseOperator):  # type: ignore[misc]
    """Approves or rejects, as the person chose; tried again for half a day while a build runs."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"retries": 24, "retry_policy": retry_policy(), **kwargs})

    def execute(self, context: Any) -> str:
        """Publish, reject or leave the candidate, as was answered; raises `RetryLater` while a
        build runs."""
        try:
            return self._apply(context)
        except Busy as error:
            raise RetryLater(str(error), retry_after=BUSY_SECONDS) from None

    def _apply(self, context: Any) -> str:
        from trainer.pipeline.approve import approve_run, reject_run

        answer = context["ti"].xcom_pull(task_ids="ask") or {}
        chosen = (answer.get("chosen_options") or [LATER])[0]
        settings = Settings.load()
        run_id = DataDir(settings.data_dir).run(context["params"]["run_id"]).run_id
        if chosen == APPROVE:
            return approve_run(settings, run_id)
        if chosen == REJECT:
            reason = str((answer.get("params_input") or {}).get("reason") or "").strip()
            return reject_run(settings, run_id, reason or "rejected in Airflow")
        return f"run {run_id} stays a candidate"


def question(gate: list[str], diff: list[str]) -> str:
    """Markdown; what comes from the sources stands in a fence, where it is only text."""
    fence = "~~~~"
    lines = [line.replace(fence, "~~~") for line in diff]
    held = "\n".join(f"- {line}" for line in gate)
    return f"The gate held it back:\n\n{held}\n\nWhat would change:\n\n{fence}\n" + "\n".join(
        [*lines, fence]
    )
