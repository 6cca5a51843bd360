"""`kill -9` of Docker's daemon and of Airflow's scheduler while the embedder's container runs, in
a build by the real DAG. For `make faults` only: a build of ten minutes."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.docker_image import docker_image
from tests.faults.airflow_build import AirflowBuild, airflow_build
from tests.faults.own_dockerd import OwnDockerd, own_dockerd
from tests.waiting import wait_for
from trainer.services.airflow import component
from trainer.staging.parquet import parts, read_parts
from trainer.staging.schemas import FACES

pytestmark = [
    pytest.mark.docker,
    pytest.mark.timeout(2400),
    pytest.mark.skipif("AIRFLOW_KILLS" not in os.environ, reason="ten minutes: `make faults`"),
]
IMAGE = "stash-sense-trainer-embedder:test"
SLOW = {
    "cpu_period": 100_000,
    "cpu_quota": 12_000,
}  # an eighth of a core, so that there is a middle
AT_ONCE = 120  # seconds; it is a minute where nothing else runs


@pytest.fixture
def daemon() -> Iterator[OwnDockerd]:
    """A daemon that has the embedder's image; skips with the reason where Docker cannot run."""
    with docker_image("build", EMBEDDER_IMAGE=IMAGE), own_dockerd(IMAGE) as own:
        yield own


def running_container(client: Any) -> Any:
    """The embedder's container, slowed down, once it has said what it has to do."""
    found = wait_for(client.containers.list, 900, every=0.3)[0]
    found.update(**SLOW)
    wait_for(lambda: b"to embed" in found.logs(), 300, every=0.3)
    return found


def kill_all_of_it(build: AirflowBuild) -> None:
    """The scheduler with what it had started, as a container ends; Docker starts it again."""
    scheduler = build.airflow.supervisor.running["scheduler"]
    os.killpg(scheduler.pid, signal.SIGKILL)
    scheduler.wait()
    build.airflow.supervisor.start(component("scheduler"))


def kill_it_alone(build: AirflowBuild) -> None:
    """The scheduler only; the all-in-one container starts it again."""
    scheduler = build.airflow.supervisor.running["scheduler"]
    scheduler.kill()
    scheduler.wait()
    build.reviver.check()


def seconds_until_found(build: AirflowBuild, kill: Callable[[AirflowBuild], None]) -> float:
    """From the kill to the line with which the next attempt follows the container."""
    attempt = max(task["try_number"] for task in build.tasks("embed")) + 1
    began = time.monotonic()
    kill(build)
    wait_for(lambda: "re-attached to" in build.log("embed", attempt), 600, every=0.2)
    return time.monotonic() - began


def test_the_next_attempt_finds_the_container_of_a_scheduler_that_is_gone(
    tmp_path, demo_images, daemon
):
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)  # the container's user is not root
    given = {
        "TRAINER_EMBEDDER": "docker",
        "TRAINER_EMBEDDER_IMAGE": IMAGE,
        "TRAINER_DOCKER_URL": daemon.url,
    }
    with airflow_build(tmp_path, demo_images, given) as (build, trainer, _):
        build.trigger()
        running_container(daemon.client())
        daemon.kill()
        wait_for(lambda: build.tasks("embed")[0]["state"] == "up_for_retry", 300, every=0.5)
        assert "see that Docker runs again, and run the build again" in build.log("embed", 1)
        daemon.start()
        client = daemon.client()
        container = running_container(client)
        waits = [seconds_until_found(build, kill) for kill in (kill_all_of_it, kill_it_alone)]
        assert [one.id for one in client.containers.list(all=True)] == [container.id]
        container.update(cpu_period=100_000, cpu_quota=-1)
        assert build.end() == "success"
        print(f"found after {', '.join(f'{wait:.0f} s' for wait in waits)}")  # noqa: T201
        assert client.containers.list(all=True) == []
        assert max(waits) < AT_ONCE
        assert trainer.run("verify").returncode == 0
        rows = read_parts(parts(next((build.data.root / "faces").glob("*")), "part-"), FACES)
    faces = Counter((row["image_sha256"], row["face_no"]) for row in rows.to_pylist())
    assert set(faces.values()) == {1}
