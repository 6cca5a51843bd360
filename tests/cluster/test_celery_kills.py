"""The DAG on CeleryExecutor: one of two workers is killed in the middle of each long step, and the
release is the one that a single machine makes.

`make test-cluster`; CLUSTER_KILLS names the moments (a comma between them).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.world import World
from demo.world.flaresolverr import FlareSolverr
from tests.cluster.celery_cluster import Cluster, celery_cluster
from tests.cluster.same_release import content_of
from tests.e2e.conftest import CAPS, demo_images
from tests.e2e.test_all_sources import Fifteen
from tests.waiting import wait_for
from trainer.release.diff import diff
from trainer.staging.paths import RUN_MANIFEST, DataDir, RunDir

__all__ = ["demo_images"]
pytestmark = [pytest.mark.e2e, pytest.mark.airflow, pytest.mark.timeout(3000)]
DAG = "build_performer_database"
WORKERS = ("one", "two")
SOURCES = ["stashdb", "theporndb", "iafd", "babepedia"]  # two that list people, two sites
CONF = CAPS | {"sources": SOURCES}
ALL_QUEUES = "crawl,gpu,merge"
SHARD = "000-of-001"
BUILD_SECONDS = 1800
SLOW = 60  # requests a minute to StashDB's look-alike, so that there is a middle


def crawling(run: RunDir) -> bool:
    """Pages of the largest source are staged, and there are more to come."""
    staging = run.staging("stashdb")
    return _parts(staging, "performers-") > 0 and not (staging / RUN_MANIFEST).exists()


def fetching(run: RunDir) -> bool:
    """Its images are being fetched."""
    staging = run.staging("stashdb")
    return _parts(staging, "images-") > 0 and not (staging / RUN_MANIFEST).exists()


def embedding(run: RunDir) -> bool:
    """Faces are in the cache, and the shard is not done."""
    done = (run.embed_shard(SHARD) / RUN_MANIFEST).exists()
    faces = run.root.parents[1] / "faces"
    return not done and any(faces.rglob("part-*.parquet"))


def building(run: RunDir) -> bool:
    """The release is begun, and is not complete."""
    begun = run.release.exists() or any(run.root.glob("*release*"))
    return begun and not run.step("build_release").exists()


MIDDLE: dict[str, tuple[str, Callable[[RunDir], bool]]] = {
    "crawl": ("crawl", crawling),
    "fetch": ("crawl", fetching),
    "embed": ("embed", embedding),
    "build_release": ("build_release", building),
}
KILLS = os.environ.get("CLUSTER_KILLS", ",".join(MIDDLE)).split(",")


def _parts(folder: Path, prefix: str) -> int:
    return len(list(folder.glob(f"{prefix}*.parquet")))


class Slow(Fifteen):
    """The world's fifteen sources, the largest of them at a pace that can be interrupted."""

    def override(self, **keys: Any) -> None:
        super().override(**keys)
        path = self.root / "sources.yaml"
        sources = yaml.safe_load(path.read_text())
        sources["stashdb"] |= {"requests_per_minute": SLOW, "part_rows": 4, "page_size": 5}
        path.write_text(yaml.safe_dump(sources))


def kill_in_the_middle(cluster: Cluster, run_id: str, run: RunDir, moment: str) -> str:
    """Kill the worker that is at it; returns its name."""
    task, is_middle = MIDDLE[moment]

    def at_it() -> str | None:
        for instance in cluster.airflow.client.task_instances(DAG, run_id):
            key = instance["rendered_map_index"] or ""
            running = instance["state"] == "running" and instance["pid"]
            if instance["task_id"] == task and running and key in ("", "stashdb", SHARD):
                return cluster.worker_of(instance["pid"])
        return None

    name: str = wait_for(at_it, 900)
    wait_for(lambda: is_middle(run), 300, every=0.005)
    left = cluster.kill_worker(name)
    print(f"{moment}: killed worker {name} at {time.strftime('%X')}; its children left: {left}")  # noqa: T201
    assert left == []
    assert is_middle(run), f"{moment} was over before the worker died"
    cluster.start_worker(name, ALL_QUEUES)
    return name


def built_alone(root: Path, world: World, solver: FlareSolverr) -> Fifteen:
    """The same build by one machine, without Airflow."""
    root.mkdir()
    alone = Fifteen(root, world, solver)
    process = alone.start("build", "--conf", json.dumps(CONF))
    _, said = process.communicate(timeout=BUILD_SECONDS)
    assert process.returncode == 0, said[-3000:]
    return alone


def test_workers_killed_in_the_middle_change_nothing_in_the_release(tmp_path, demo_images):
    with (
        World(week=1, images=demo_images, sites="all") as world,
        FlareSolverr() as solver,
    ):
        (tmp_path / "shared").mkdir()
        together = Slow(tmp_path / "shared", world, solver)
        environment = {
            name: value for name, value in together.environment().items() if name not in os.environ
        } | {"TRAINER_EMBED_BESIDE": "0"}  # so that `embed` has a middle
        with celery_cluster(tmp_path / "cluster", together.root, environment) as (cluster, _):
            for name in WORKERS:
                cluster.start_worker(name, ALL_QUEUES)
            cluster.wait_for_workers(*WORKERS)
            run_id = cluster.airflow.client.trigger(DAG, CONF)
            run = DataDir(together.root).run(run_id)
            killed = [kill_in_the_middle(cluster, run_id, run, moment) for moment in KILLS]
            done = wait_for(
                lambda: (
                    (found := cluster.airflow.client.dag_run(DAG, run_id))["state"]
                    in ("success", "failed")
                    and found
                ),
                BUILD_SECONDS,
                every=1,
            )
            tries = {
                (t["task_id"], t["rendered_map_index"]): t["try_number"]
                for t in cluster.airflow.client.task_instances(DAG, run_id)
                if t["try_number"] > 1
            }
        alone = built_alone(tmp_path / "alone", world, solver)
    print(f"{len(killed)} workers killed; tasks of more than one try: {tries}")  # noqa: T201
    assert done["state"] == "success"
    assert together.run("verify").returncode == 0
    changes = diff(alone.current, together.current)
    assert set(changes.counts.values()) == {0}, changes.describe()
    assert changes.faces_added == changes.faces_removed == changes.faces_moved == 0
    assert content_of(together.current) == content_of(alone.current)
