"""### What it does
Keeps the machine well, every night:

- **tidy**: temporary files of killed writers, logs older than `TRAINER_KEEP_LOG_DAYS` (of runs and
  of Airflow), damaged files that were set aside a month ago, links to releases that are gone, runs
  that never began. Notes what the disk holds and says when it will be full at this pace. Writes the
  figures for Prometheus (docs/monitoring.md).
- **clean_database**: `airflow db clean` of what is older than `TRAINER_KEEP_LOG_DAYS`.

It may run beside a build: only what nobody has written for a day goes.

### What it needs
Nothing where Airflow's database is SQLite. With another, `TRAINER_AIRFLOW_DATABASE` for
`clean_database`, which is skipped without it: tasks do not know the database's address.

### When a step fails
- **tidy**: a folder belongs to another user. `trainer doctor` says which.
- **clean_database**: its last line says what Airflow said. Run `airflow db clean` where Airflow
  runs.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable
from trainer_airflow.queues import on_queue
from trainer_airflow.upkeep import CleanDatabaseOperator, TidyOperator

from trainer.config.pipeline import MERGE

NIGHTLY = CronTriggerTimetable("30 4 * * *", timezone="UTC", run_immediately=timedelta(0))

with DAG(
    dag_id="keep_house",
    description="Tidy up, clean Airflow's database, forecast the disk",
    doc_md=__doc__,
    schedule=NIGHTLY,
    catchup=False,
    max_active_runs=1,
    default_args={**on_queue(MERGE), "retries": 1, "retry_delay": timedelta(minutes=10)},
    tags=["stash-sense"],
) as dag:
    TidyOperator(task_id="tidy")
    CleanDatabaseOperator(task_id="clean_database")
