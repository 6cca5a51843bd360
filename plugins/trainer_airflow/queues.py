"""Where a task runs on a cluster: its queue for Celery, its pod template for Kubernetes."""

from __future__ import annotations

from typing import Any

from trainer.config.pipeline import Queue
from trainer.config.settings import Settings


def on_queue(queue: Queue) -> dict[str, Any]:
    """Arguments of a task of `queue`. With `TRAINER_POD_TEMPLATES` its pod is made of the file
    `<queue>.yaml` there; executors other than Airflow's KubernetesExecutor look at neither."""
    folder = Settings.load().pod_templates
    if folder is None:
        return {"queue": queue}
    template = {"pod_template_file": str(folder / f"{queue}.yaml")}
    return {"queue": queue, "executor_config": template}
