"""Airflow on CeleryExecutor over Redis and Postgres, with workers that can be killed."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from demo.airflow import AirflowServices, free_port
from tests.cluster.postgres_server import postgres_server
from tests.redis_server import redis_server
from tests.waiting import wait_for
from trainer.processes.supervisor import Service
from trainer.services.executor import CELERY
from trainer.services.surroundings import CONNECTION
from trainer.staging.paths import DataDir

HEARTBEAT_SECONDS = 5
LOST_SECONDS = 30  # a task without a heartbeat for so long is started again elsewhere
SURE_SECONDS = 60  # until the kernel has ended what a killed worker had started
# A worker's own disk lies where everybody's DATA_DIR is, as on a machine of its own.
OWN_DISK = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"')


@dataclass
class Cluster:
    """Airflow's components, and workers by name, each with its own home and working directory."""

    airflow: AirflowServices
    home: Path
    data_dir: Path
    disks: dict[str, Path] = field(default_factory=dict)  # of workers that share none

    def start_worker(self, name: str, queues: str, *, own_disk: bool = False) -> None:
        """Start a Celery worker that runs tasks of these queues; with `own_disk` its DATA_DIR is
        its own, under the path that everybody's has."""
        own = self.home / name
        for folder in (own / "tmp", own / "logs"):
            folder.mkdir(parents=True, exist_ok=True)
        everybodys = self.airflow.supervisor.environment
        environment = {
            **{key: value for key, value in everybodys.items() if key != CONNECTION},
            "AIRFLOW_HOME": str(own),
            "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(own / "logs"),
            "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(free_port()),
            "TMPDIR": str(own / "tmp"),
        }
        argv = (sys.executable, "-m", "airflow", "celery", "worker", "--queues", queues,
                "--concurrency", "2", "--celery-hostname", f"{name}@%h")  # fmt: skip
        apart: tuple[str, ...] = ()
        if own_disk:
            disk = self.disks.setdefault(name, self.home / f"{name}-disk")
            disk.mkdir(exist_ok=True)
            apart = (*OWN_DISK, str(disk), str(self.data_dir))
        at = Service(name, (*apart, "/usr/bin/env", "-C", str(own), *argv), environment)
        self.airflow.supervisor.start(at)

    def data_of(self, name: str) -> DataDir:
        """A worker's DATA_DIR, where this process finds it."""
        return DataDir(self.disks.get(name, self.data_dir))

    def wait_for_workers(self, *names: str) -> None:
        """Until Celery says of each that it is ready."""
        logs = [self.airflow.supervisor.log_of(name) for name in names]
        wait_for(lambda: all(" ready." in log.read_text(errors="replace") for log in logs), 180)

    def worker_of(self, pid: int) -> str | None:
        """The worker below which the process runs."""
        try:
            above = {process.pid for process in psutil.Process(pid).parents()}
        except psutil.NoSuchProcess:
            return None
        running = self.airflow.supervisor.running
        return next((name for name, process in running.items() if process.pid in above), None)

    def kill_worker(self, name: str) -> list[int]:
        """`kill -9` of the worker's process group; returns which pids of those below it go on."""
        worker = self.airflow.supervisor.running.pop(name)
        below = psutil.Process(worker.pid).children(recursive=True)
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        _, left = psutil.wait_procs(below, SURE_SECONDS)
        return [process.pid for process in left]


@contextmanager
def celery_cluster(
    folder: Path, data_dir: Path, environment: Mapping[str, str]
) -> Iterator[tuple[Cluster, str]]:
    """The cluster without a worker, and its Redis's URL; all are stopped at the end."""
    ports = free_port(), free_port()
    with (
        redis_server(folder / "redis", ports[0]) as redis,
        postgres_server(ports[1]) as database,
    ):
        own: dict[str, Any] = {
            **environment,
            "TRAINER_BUDGETS": f"{redis}/1",
            "AIRFLOW__CORE__EXECUTOR": CELERY,
            CONNECTION: f"postgresql+psycopg2://{database}",
            "AIRFLOW__CELERY__BROKER_URL": f"{redis}/0",
            "AIRFLOW__CELERY__RESULT_BACKEND": f"{redis}/2",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": str(HEARTBEAT_SECONDS),
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": str(HEARTBEAT_SECONDS),
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(LOST_SECONDS),
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
        }
        with AirflowServices(folder / "airflow", data_dir, env=own) as airflow:
            yield Cluster(airflow, folder, data_dir), redis
