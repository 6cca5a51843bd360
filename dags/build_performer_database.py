"""The weekly build: when it runs, its parameters, its tasks and their order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG
from trainer_airflow.decide import AskForApproval
from trainer_airflow.notifier import RecordFailure
from trainer_airflow.params import build_params
from trainer_airflow.retry import retry_policy
from trainer_airflow.tasks import add_tasks

from trainer.config.pipeline import STEPS
from trainer.config.settings import Settings
from trainer.config.sources import load_sources

DEFAULTS: dict[str, Any] = {
    "retries": 2,
    "retry_delay": timedelta(minutes=1),
    "retry_policy": retry_policy(),
    "on_failure_callback": RecordFailure(),
}

settings = Settings.load()

# No start date: with one in the past, switching the DAG on would start a build at once.
with DAG(
    dag_id="build_performer_database",
    description="Crawl, embed, merge, verify and publish the performer database",
    doc_md=__doc__,
    schedule="@weekly",
    catchup=False,
    max_active_runs=1,
    params=build_params(list(load_sources(settings.data_dir))),
    render_template_as_native_obj=True,
    default_args=DEFAULTS,
    tags=["stash-sense"],
) as dag:
    tasks = add_tasks(STEPS, settings.embedder)
    tasks["publish"] >> AskForApproval(task_id="ask_for_approval") >> tasks["report"]
