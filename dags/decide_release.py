"""A person approves or rejects a release that the gate held back, seeing what would change."""

from __future__ import annotations

from airflow.sdk import DAG, Param
from trainer_airflow.decide import DECIDE_DAG, REASON, ApplyDecision, ReleaseQuestion

with DAG(
    dag_id=DECIDE_DAG,
    description="Approve or reject a candidate release",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,  # a question of a paused DAG is never asked
    params={"run_id": Param("", type="string", minLength=1, description="Run of the build.")},
    tags=["stash-sense"],
) as dag:
    ReleaseQuestion(task_id="ask", params=REASON) >> ApplyDecision(task_id="apply")
