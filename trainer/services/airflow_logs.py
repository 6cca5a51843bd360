"""What the tasks of a run say, out of Airflow."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from airflow_client.client import ApiClient
from airflow_client.client.api.task_instance_api import TaskInstanceApi
from airflow_client.client.models.task_instance_collection_response import (
    TaskInstanceCollectionResponse,
)
from airflow_client.client.models.task_instance_response import TaskInstanceResponse

from trainer.services.airflow_client import BUILD_DAG, Airflow

_PAGE = 100


class Task(NamedTuple):
    """A task of a run: its step, the source or shard of a mapped one, its state and last try."""

    step: str
    key: str
    state: str
    attempt: int
    map_index: int  # -1 where the step is not mapped

    @property
    def label(self) -> str:
        """`crawl stashdb`, `plan`"""
        return f"{self.step} {self.key}".strip()


def tasks(client: Airflow, run_id: str) -> list[Task]:
    """The tasks of a run that have begun, those that began last first."""
    begun = [(t.start_date, t) for t in _instances(client, run_id) if t.start_date and t.try_number]
    begun.sort(key=lambda pair: pair[0], reverse=True)
    return [
        Task(
            task.task_id,
            task.rendered_map_index or "",
            task.state.value if task.state else "waiting",
            task.try_number,
            task.map_index,
        )
        for _, task in begun
    ]


def _instances(client: Airflow, run_id: str) -> list[TaskInstanceResponse]:
    found: list[TaskInstanceResponse] = []
    while True:
        call = partial(_page, run_id, len(found))
        page = client.ask(call)
        found += page.task_instances
        if not page.task_instances or len(found) >= (page.total_entries or 0):
            return found


def _page(
    run_id: str, offset: int, api: ApiClient, seconds: float
) -> TaskInstanceCollectionResponse:
    return TaskInstanceApi(api).get_task_instances(
        BUILD_DAG, run_id, limit=_PAGE, offset=offset, _request_timeout=seconds
    )


def log_lines(client: Airflow, run_id: str, task: Task) -> list[str]:
    """The log of a task's last try, oldest line first."""
    answer = client.ask(
        lambda api, seconds: TaskInstanceApi(api).get_log(
            BUILD_DAG,
            run_id,
            task.step,
            task.attempt,
            full_content=True,
            map_index=task.map_index,
            _request_timeout=seconds,
        )
    )
    lines: list[str] = []
    for event in answer.content.actual_instance or []:
        if isinstance(event, str):
            lines += event.splitlines()
        else:
            at = f"{event.timestamp:%H:%M:%S} " if event.timestamp else ""
            lines.append(f"{at}{event.event}")
    return lines
