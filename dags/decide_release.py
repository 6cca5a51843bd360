"""### What it does
Asks a person about a release that the gate held back, and shows what would change. A build
triggers it by itself; the answer publishes or rejects the candidate.

### What it needs
The id of the build's run (`run_id`) whose candidate waits; `trainer candidates` lists them.

### When a step fails
`apply` fails where the candidate can no longer be published: a newer release was published
meanwhile, or an exclusion was added. Reject it and trigger a build.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param
from trainer_airflow.announce import AnnounceRelease
from trainer_airflow.decide import DECIDE_DAG, REASON, ApplyDecision, ReleaseQuestion
from trainer_airflow.queues import on_queue

from trainer.config.pipeline import MERGE

with DAG(
    dag_id=DECIDE_DAG,
    description="Approve or reject a candidate release",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,  # a question of a paused DAG is never asked
    params={"run_id": Param("", type="string", minLength=1, description="Run of the build.")},
    default_args=on_queue(MERGE),
    tags=["stash-sense"],
) as dag:
    answer = ReleaseQuestion(task_id="ask", params=REASON) >> ApplyDecision(task_id="apply")
    answer >> AnnounceRelease(task_id="announce_release")
