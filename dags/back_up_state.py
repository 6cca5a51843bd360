"""### What it does
Writes a backup of what can't be made again into `TRAINER_BACKUP_DIR` every Saturday: `state.db`,
the exclusion list, configuration, the last snapshots, plans and records of runs. It may run beside
a build. The newest `TRAINER_KEEP_BACKUPS` are kept.

### What it needs
Space in `TRAINER_BACKUP_DIR`, which is best on another disk. `faces` adds the face cache (about
2 KB per face), `releases` the current release and pinned ones. Keys are not copied; the log names
them.

### When a step fails
- *is missing or empty*: `state.db` is lost. Restore it from the last backup: docs/recovery.md.
- *snapshot ... is not there*: `trainer repair` says what to do about it.
- *No space left*: free space, or lower `TRAINER_KEEP_BACKUPS`; nothing half-written stays.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, Param
from trainer_airflow.queues import on_queue
from trainer_airflow.upkeep import BackUpOperator

from trainer.config.pipeline import MERGE

SATURDAYS = CronTriggerTimetable("0 6 * * 6", timezone="UTC", run_immediately=timedelta(0))

with DAG(
    dag_id="back_up_state",
    description="Back up what can't be made again",
    doc_md=__doc__,
    schedule=SATURDAYS,
    catchup=False,
    max_active_runs=1,
    params={
        "faces": Param(False, type="boolean", description="The face cache, too."),
        "releases": Param(
            False, type="boolean", description="The current release and pinned ones, too."
        ),
    },
    default_args={**on_queue(MERGE), "retries": 2, "retry_delay": timedelta(minutes=10)},
    tags=["stash-sense"],
) as dag:
    BackUpOperator(task_id="back_up")
