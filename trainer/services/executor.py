"""What runs Airflow's tasks: the scheduler itself or, with a Redis, Celery's workers."""

from __future__ import annotations

from trainer.config.pipeline import MERGE

CELERY = "airflow.providers.celery.executors.celery_executor.CeleryExecutor"

# As the image has it: Airflow's own, and a worker that is killed blocks none of the others.
LOCAL = "trainer_airflow.local_executor.LocalExecutor"

# A task of a scheduler that is gone goes on in the next one within a minute: 30 s until Airflow
# takes the scheduler for gone, up to 10 s until it looks, and the start of the task.
LOST_TASKS = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
}


def broker_environment(redis_host: str | None) -> dict[str, str]:
    """Where Celery's workers find their tasks; nothing without a Redis."""
    if redis_host is None:
        return {}
    redis = f"redis://{redis_host}:6379"
    return {
        "AIRFLOW__CELERY__BROKER_URL": f"{redis}/0",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"{redis}/2",  # 1 has the budgets
        # A first crawl of a slow source takes days; Celery would hand it out again after one.
        # Airflow knows by heartbeats who is dead.
        "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": str(30 * 86_400),
        "AIRFLOW__OPERATORS__DEFAULT_QUEUE": MERGE,
    }


def executor_environment(redis_host: str | None) -> dict[str, str]:
    """Tasks run below the scheduler, as the image has it, or with a Redis in Celery's workers, as
    many as these take."""
    if redis_host is None:
        return {}
    return {"AIRFLOW__CORE__EXECUTOR": CELERY, "AIRFLOW__CORE__PARALLELISM": "64"}
