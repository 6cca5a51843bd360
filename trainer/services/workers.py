"""Celery workers, one kind for each queue: what each is given, and how it is looked after."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from typing import get_args

from trainer.config.groups.container import ContainerSettings
from trainer.config.pipeline import Queue
from trainer.crawl.environment import BUDGETS, FETCHER_VARIABLES
from trainer.errors import ConfigError
from trainer.processes.supervisor import Service
from trainer.services.airflow import airflow
from trainer.services.surroundings import CONNECTION, secret_settings, source_keys

WORKERS: dict[str, Queue] = {f"{queue}-worker": queue for queue in get_args(Queue)}
CELERY_APP = "airflow.providers.celery.executors.celery_executor.app"
TASKS_AT_A_TIME: dict[Queue, int] = {"crawl": 4, "gpu": 1, "merge": 2}
PID_FILE = "/tmp/airflow-worker.pid"  # noqa: S108 - a container's own; AIRFLOW_HOME is shared


def worker(name: str, given: Mapping[str, str], own: Mapping[str, str]) -> Service:
    """Return the worker `name` of `WORKERS`; `own` is what all of Airflow's components get.

    Raises `ConfigError` where no Redis is named.
    """
    require_redis()
    queue = WORKERS[name]
    named = ("--queues", queue, "--celery-hostname", f"{name}@%h", "--pid", PID_FILE)
    at_a_time = ("--concurrency", str(TASKS_AT_A_TIME[queue]))
    started = airflow(name, "celery", "worker", *named, *at_a_time)
    return Service(name, started.argv, worker_environment(queue, given, own))


def worker_environment(
    queue: Queue, given: Mapping[str, str], own: Mapping[str, str]
) -> dict[str, str]:
    """Crawls get the sources' keys, the merge the secrets of its steps, the embedder none; no
    worker knows the address of Airflow's database."""
    of_crawls = {*source_keys(given), *FETCHER_VARIABLES.values(), BUDGETS}
    wanted: dict[Queue, set[str]] = {
        "crawl": of_crawls,
        "gpu": set(),
        "merge": set(secret_settings()) - of_crawls,
    }
    kept = {name: value for name, value in own.items() if name != CONNECTION}
    return kept | {name: given[name] for name in sorted(wanted[queue]) if name in given}


def worker_check(name: str, given: Mapping[str, str]) -> Service:
    """Return the command that fails where the worker of this container does not answer."""
    asked = ("inspect", "ping", "--destination", f"{name}@{platform.node()}")
    argv = (airflow(name).argv[0], "-m", "celery", "--app", CELERY_APP, *asked)
    return Service(name, argv, given)


def require_redis() -> None:
    """Raise `ConfigError` where a worker would have no tasks."""
    if ContainerSettings.load().redis_host is None:
        raise ConfigError(
            "TRAINER_REDIS_HOST is not set, so tasks run in the scheduler and workers get none; "
            "set it to redis in .env, or start Compose without the profile cluster"
        )
