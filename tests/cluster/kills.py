"""One build by the cluster's workers, of which one is killed in the middle of each long step; and
the same build by a single machine, which it has to equal."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from demo.world import World
from demo.world.flaresolverr import FlareSolverr
from tests.cluster.celery_cluster import Cluster, celery_cluster
from tests.cluster.same_release import content_of
from tests.e2e.conftest import CAPS
from tests.e2e.test_all_sources import Fifteen
from tests.waiting import wait_for
from trainer.pipeline.embed_batches import SHARD as BESIDE
from trainer.pipeline.embed_batches import TOTAL
from trainer.release.diff import diff
from trainer.staging.paths import RUN_MANIFEST, RunDir

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


def embedding_beside(run: RunDir) -> bool:
    """The first batch beside the crawls is in hand."""
    begun = (run.embed_shard(BESIDE) / "job.json").exists()
    return begun and not (run.embed_shard(TOTAL) / RUN_MANIFEST).exists()


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
    "embed_beside": ("embed_beside", embedding_beside),
    "embed": ("embed", embedding),
    "build_release": ("build_release", building),
}


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


def build_with_kills(
    together: Slow,
    folder: Path,
    moments: Collection[str],
    environment: Mapping[str, str],
    lost: Collection[str] = (),
    *,
    own_disks: bool = False,
) -> None:
    """Build over Airflow; at each of `moments` the worker that is at it is killed. At those of
    `lost` its own disk is gone, too."""
    given = {k: v for k, v in together.environment().items() if k not in os.environ}
    with celery_cluster(folder, together.root, {**given, **environment}) as (cluster, _):
        for name in WORKERS:
            cluster.start_worker(name, ALL_QUEUES, own_disk=own_disks)
        cluster.wait_for_workers(*WORKERS)
        run_id = cluster.airflow.client.trigger(DAG, CONF)
        for moment in moments:
            name = kill_in_the_middle(cluster, run_id, moment)
            if moment in lost:
                shutil.rmtree(cluster.disks[name])
            cluster.start_worker(name, ALL_QUEUES, own_disk=own_disks)
        state = wait_for(lambda: _ended(cluster, run_id), BUILD_SECONDS, every=1)
        tasks = cluster.airflow.client.task_instances(DAG, run_id)
    tries = {
        (t["task_id"], t["rendered_map_index"]): t["try_number"]
        for t in tasks
        if t["try_number"] > 1
    }
    print(f"{len(moments)} workers killed; tasks of more than one try: {tries}")  # noqa: T201
    assert state == "success"
    # Wherever it ran, it knew that there is a new release.
    assert [t["state"] for t in tasks if t["task_id"] == "announce_release"] == ["success"]


def _ended(cluster: Cluster, run_id: str) -> str | None:
    state = cluster.airflow.client.dag_run(DAG, run_id)["state"]
    return state if state in ("success", "failed") else None


def kill_in_the_middle(cluster: Cluster, run_id: str, moment: str) -> str:
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
    run = cluster.data_of(name).run(run_id)
    wait_for(lambda: is_middle(run), 300, every=0.005)
    left = cluster.kill_worker(name)
    print(f"{moment}: killed worker {name} at {time.strftime('%X')}; its children left: {left}")  # noqa: T201
    assert left == []
    assert is_middle(run), f"{moment} was over before the worker died"
    return name


def equals_one_machine(together: Slow, root: Path, world: World, solver: FlareSolverr) -> None:
    """Build the same in `root` without Airflow; the releases have the same content."""
    root.mkdir()
    alone = Fifteen(root, world, solver)
    process = alone.start("build", "--conf", json.dumps(CONF))
    _, said = process.communicate(timeout=BUILD_SECONDS)
    assert process.returncode == 0, said[-3000:]
    assert together.run("verify").returncode == 0
    changes = diff(alone.current, together.current)
    assert set(changes.counts.values()) == {0}, changes.describe()
    assert changes.faces_added == changes.faces_removed == changes.faces_moved == 0
    assert content_of(together.current) == content_of(alone.current)
