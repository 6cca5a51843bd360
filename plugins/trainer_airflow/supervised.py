"""A task ends with the process that supervises it.

Airflow runs a task in its own process group, below a supervisor in the worker. Where the supervisor
is killed outright (`kill -9`, out of memory), the task would go on unseen while Airflow starts it
again elsewhere, and two crawls would write into one folder. So it is with a scheduler: the workers
of its LocalExecutor would go on, and the end of their attempt, once the api-server has told them,
would stop the container that the next scheduler's attempt follows already.
"""

from __future__ import annotations

import os
import signal

from trainer.processes.groups import end_with_parent


def end_with_supervisor() -> None:
    """Have the kernel kill this task with its supervisor, and its children with it. Nothing happens
    where the task runs in somebody's own process (`dag.test`)."""
    from airflow.sdk.execution_time import task_runner
    from airflow.sdk.execution_time.comms import CommsDecoder

    if isinstance(getattr(task_runner, "SUPERVISOR_COMMS", None), CommsDecoder):
        end_with_parent(signal.SIGKILL)


def end_forks_with_component() -> None:
    """Have the kernel kill what this process forks from now on, its workers, with it."""
    component = os.getpid()

    def end() -> None:
        if os.getppid() == component:  # not what the workers fork: that has other parents
            end_with_parent(signal.SIGKILL)

    os.register_at_fork(after_in_child=end)
