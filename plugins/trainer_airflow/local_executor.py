"""Airflow's LocalExecutor, whose workers go on when one of them is killed.

They all read one queue, and of those that have nothing to do one holds its lock. Where that one is
killed outright (`kill -9`, out of memory), Airflow starts another worker, but no worker gets a task
again until the scheduler is started anew. Our queues cannot be blocked so.

The class has the name that Airflow's own checks of `[core] executor` look for.
"""

from __future__ import annotations

import logging
import multiprocessing
from typing import Any

from airflow.executors import local_executor

from trainer.processes.robust_queue import RobustQueue

log = logging.getLogger(__name__)


class RobustAttribute:
    """Holds a `RobustQueue`, whatever queue is assigned, where processes are forked."""

    def __set_name__(self, _: type, name: str) -> None:
        self._name = name

    def __get__(self, executor: Any, _: type | None = None) -> Any:
        try:
            return vars(executor)[self._name]
        except KeyError:
            raise AttributeError(self._name) from None

    def __set__(self, executor: Any, queue: Any) -> None:
        if multiprocessing.get_start_method() == "fork":
            queue.close()
            queue = RobustQueue()
        vars(executor)[self._name] = queue


class LocalExecutor(local_executor.LocalExecutor):  # type: ignore[misc]
    """Workers read tasks from `activity_queue` and write their ends to `result_queue`."""

    activity_queue = RobustAttribute()
    result_queue = RobustAttribute()

    def start(self) -> None:
        """Make the queues and start the workers."""
        super().start()
        if not isinstance(vars(self).get("activity_queue"), RobustQueue):
            log.warning(
                "this Airflow reads tasks from a queue that a worker blocks for all others if it "
                "is killed while it waits; start the scheduler anew should tasks stay queued"
            )
