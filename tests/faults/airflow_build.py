"""A build by Airflow's own scheduler with the image's settings, to kill its processes under it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.airflow import DAG_ID, AirflowServices
from demo.world import World
from tests.e2e.conftest import CAPS, Trainer
from tests.waiting import wait_for
from trainer.processes.reviver import Reviver
from trainer.services.airflow import component
from trainer.services.executor import LOST_TASKS
from trainer.staging.paths import DataDir, RunDir

CONF = CAPS | {"sources": ["stashdb"]}
SHARD = "000-of-001"
SECONDS = 900


@dataclass
class AirflowBuild:
    """A run of the DAG; `reviver` starts its servers again, as the all-in-one container does."""

    airflow: AirflowServices
    data: DataDir
    run_id: str = ""
    reviver: Reviver = field(init=False)

    def __post_init__(self) -> None:
        self.reviver = Reviver(self.airflow.supervisor, lambda _: None)
        self.reviver.services["scheduler"] = component("scheduler")

    @property
    def run(self) -> RunDir:
        """Where the run works."""
        return self.data.run(self.run_id)

    def trigger(self) -> None:
        """Start the run."""
        self.run_id = self.airflow.client.trigger(DAG_ID, CONF)

    def tasks(self, name: str) -> list[dict[str, Any]]:
        """What Airflow says of the instances of a task."""
        every = self.airflow.client.task_instances(DAG_ID, self.run_id)
        return [one for one in every if one["task_id"] == name]

    def running(self, name: str) -> int:
        """The pid of a task, once it runs."""
        return int(
            wait_for(
                lambda: next((t["pid"] for t in self.tasks(name) if t["state"] == "running"), 0),
                SECONDS,
                every=0.5,
            )
        )

    def log(self, task: str, attempt: int) -> str:
        """The log of an attempt at a task of one instance, as far as it is written."""
        logs = self.airflow.home / "logs"
        found = logs.glob(f"dag_id={DAG_ID}/run_id=*/task_id={task}/**/attempt={attempt}.log")
        return "\n".join(path.read_text(errors="replace") for path in found)

    def end(self) -> str:
        """The state in which the run ended."""
        ended = ("success", "failed")
        return str(
            wait_for(
                lambda: (
                    (state := self.airflow.client.dag_run(DAG_ID, self.run_id)["state"]) in ended
                    and state
                ),
                SECONDS,
                every=1,
            )
        )


@contextmanager
def airflow_build(
    root: Path, images: Path, environment: Mapping[str, str], **source: Any
) -> Iterator[tuple[AirflowBuild, Trainer, World]]:
    """Airflow over the world's first week, before anything is triggered."""
    (root / "data").mkdir()
    with World(week=1, images=images) as world:
        trainer = Trainer(root / "data", world.port)
        trainer.override(**source)
        own = {k: v for k, v in trainer.environment().items() if k not in os.environ}
        given = {**own, "TRAINER_EMBED_BESIDE": "0", **LOST_TASKS, **environment}
        with AirflowServices(root / "airflow", trainer.root, env=given) as airflow:
            yield AirflowBuild(airflow, DataDir(trainer.root)), trainer, world
