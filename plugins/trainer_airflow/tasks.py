"""The DAG's tasks out of the pipeline's list of steps."""

from __future__ import annotations

from typing import Any

from airflow.sdk import TriggerRule

from trainer.config.pipeline import Step
from trainer_airflow.operators import CrawlOperator, StepOperator
from trainer_airflow.queues import on_queue


def add_tasks(steps: tuple[Step, ...], embedder: str) -> dict[str, Any]:
    """Create the tasks in the DAG at hand and chain them; returns them by step name.

    A step goes on past a skipped one (no picture to embed), never past a failed one; `report`
    runs always, is the DAG's only leaf, and fails when an essential step has failed.
    """
    tasks: dict[str, Any] = {}
    for step in steps:
        tasks[step.name] = _task(step, tasks, embedder)
        for before in step.after:
            tasks[before] >> tasks[step.name]
    return tasks


def _task(step: Step, tasks: dict[str, Any], embedder: str) -> Any:
    rule = TriggerRule.ALL_DONE if step.even_if_failed else TriggerRule.NONE_FAILED
    common: dict[str, Any] = {"task_id": step.name, "trigger_rule": rule, **on_queue(step.queue)}
    if step.pool:
        common["pool"] = step.pool
    if step.map_over is None:
        return StepOperator(step=step.name, **common)
    common["map_index_template"] = "{{ task.key_name }}"
    operator, fixed = _mapped(step, embedder)
    mapped = operator.partial(**common, **fixed)
    return mapped.expand(key_name=tasks[step.after[0]].output)


def _mapped(step: Step, embedder: str) -> tuple[Any, dict[str, Any]]:
    """The operator of a mapped step, and the arguments all its instances share."""
    if step.map_over in ("source", "reference"):
        return CrawlOperator, {"step": step.name}
    if embedder == "docker":
        from trainer.config.settings import Settings
        from trainer_airflow.docker import EmbedDockerOperator

        return EmbedDockerOperator, {"image": Settings.load().embedder_image}
    if embedder == "kubernetes":
        from trainer_airflow.kubernetes import EmbedPodOperator

        return EmbedPodOperator, {}
    return StepOperator, {"step": step.name}
