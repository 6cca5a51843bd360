"""`kill -9` of LocalExecutor's workers, at work and idle, and of tasks in the middle of crawl and
embed, in a build by Airflow; the release is the one of a build that nobody disturbed. For `make
faults` only."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from demo.airflow import DAG_ID
from demo.world import World
from tests.cluster.same_release import content_of
from tests.e2e.conftest import CAPS, Trainer, image_requests
from tests.faults.airflow_build import SHARD, AirflowBuild, airflow_build
from tests.waiting import wait_for
from trainer.staging.paths import RUN_MANIFEST, RunDir

pytestmark = [
    pytest.mark.timeout(2400),
    pytest.mark.skipif("AIRFLOW_KILLS" not in os.environ, reason="ten minutes: `make faults`"),
]
SURE_SECONDS = 60.0  # until the kernel has ended what the killed had started
PACE = {"requests_per_minute": 150, "part_rows": 4, "page_size": 5}


def crawling(run: RunDir) -> bool:
    """Images of the source are staged, and there are more to come."""
    staging = run.staging("stashdb")
    return any(staging.glob("images-*.parquet")) and not (staging / RUN_MANIFEST).exists()


def embedding(run: RunDir) -> bool:
    """Faces are in the cache, and the shard is not done."""
    faces = run.root.parents[1] / "faces"
    done = (run.embed_shard(SHARD) / RUN_MANIFEST).exists()
    return any(faces.rglob("part-*.parquet")) and not done


def its_worker(task: psutil.Process) -> list[int]:
    """The worker that supervises the task."""
    return [task.ppid()]


def its_group(task: psutil.Process) -> list[int]:
    """The task's process group, with whatever else is below it."""
    return [task.pid, *(child.pid for child in task.children(recursive=True))]


Victims = Callable[[psutil.Process], list[int]]
KILLS: list[tuple[str, Victims, Callable[[RunDir], bool]]] = [
    ("crawl", its_worker, crawling),
    ("crawl", its_group, crawling),
    ("embed", its_worker, embedding),
    ("embed", its_group, embedding),
]


def kill(build: AirflowBuild, task: str, victims: Victims, is_middle: Callable[..., bool]) -> float:
    """Kill in the middle of the task; returns the seconds until its next attempt runs."""
    pid = build.running(task)
    attempt = build.tasks(task)[0]["try_number"]
    wait_for(lambda: is_middle(build.run), 600, every=0.01)
    killed = psutil.Process(pid)
    below = [killed, *killed.children(recursive=True)]
    began = time.monotonic()
    for victim in victims(killed):
        os.kill(victim, signal.SIGKILL)
    _, left = psutil.wait_procs(below, SURE_SECONDS)
    assert left == []
    assert is_middle(build.run), f"{task} was over before it was killed"

    def again() -> bool:
        now = build.tasks(task)[0]
        assert now["state"] != "failed", build.log(task, attempt)[-3000:]
        return bool(now["try_number"] > attempt and now["state"] == "running")

    wait_for(again, 600, every=0.5)
    seconds = time.monotonic() - began
    print(f"{task}, {victims.__name__}: again after {seconds:.0f} s")  # noqa: T201
    return seconds


def kill_idle_worker(build: AirflowBuild) -> None:
    """Kill the worker that waits for the next task, as all others wait for it."""
    scheduler = psutil.Process(build.airflow.supervisor.running["scheduler"].pid)

    def reader() -> psutil.Process | None:
        idle = [w for w in scheduler.children() if "<idle>" in " ".join(w.cmdline())]
        waits = {w: Path(f"/proc/{w.pid}/wchan").read_text() for w in idle}
        return next((worker for worker, where in waits.items() if "pipe_read" in where), None)

    worker = wait_for(reader)
    worker.kill()
    wait_for(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
    print(f"killed {worker.pid}")  # noqa: T201


def assert_release_is_undisturbed(root: Path, trainer: Trainer, world: World) -> None:
    """It has the content of a build of its own that is made here, and asked for the same images."""
    requests, asked = image_requests(world), len(world.log)
    (root / "alone").mkdir()
    alone = Trainer(root / "alone", world.port)
    done = alone.run("build", "--conf", json.dumps(CAPS))
    assert done.returncode == 0, done.stderr[-3000:]
    undisturbed = image_requests(world, asked)
    again = sum(requests.values()) - len(requests)
    print(f"{len(requests)} pictures, {again} of them asked for again")  # noqa: T201
    assert trainer.run("verify").returncode == 0
    assert set(requests) == set(undisturbed)
    assert content_of(trainer.current) == content_of(alone.current)


def test_workers_and_tasks_killed_in_the_middle_change_nothing(tmp_path, demo_images):
    with airflow_build(tmp_path, demo_images, {}, **PACE) as (build, trainer, world):
        build.trigger()
        for task, victims, is_middle in KILLS:
            kill(build, task, victims, is_middle)
        assert build.end() == "success"
        assert_release_is_undisturbed(tmp_path, trainer, world)


def test_idle_workers_killed_before_and_during_a_build_change_nothing(tmp_path, demo_images):
    with airflow_build(tmp_path, demo_images, {}, **PACE) as (build, trainer, world):
        scheduler = build.airflow.supervisor.running["scheduler"]
        kill_idle_worker(build)
        build.trigger()
        for task in ("crawl", "embed"):
            build.running(task)
            kill_idle_worker(build)
        assert build.end() == "success"
        attempts = build.airflow.client.task_instances(DAG_ID, build.run_id)
        assert max(task["try_number"] for task in attempts) == 1
        assert scheduler.poll() is None
        assert_release_is_undisturbed(tmp_path, trainer, world)
