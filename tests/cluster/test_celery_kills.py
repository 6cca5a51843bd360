"""The DAG on CeleryExecutor: one of two workers is killed in the middle of each long step, and the
release is the one that a single machine makes.

`make test-cluster`; CLUSTER_KILLS names the moments (a comma between them).
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from demo.world import World
from demo.world.flaresolverr import FlareSolverr
from tests.cluster.kills import Slow, build_with_kills, equals_one_machine
from tests.e2e.conftest import demo_images
from tests.objects.conftest import Bucket, bucket, s3_server

__all__ = ["bucket", "demo_images", "s3_server"]
pytestmark = [pytest.mark.e2e, pytest.mark.airflow, pytest.mark.timeout(3600)]
KILLS = os.environ.get("CLUSTER_KILLS", "crawl,fetch,embed,build_release").split(",")
AFTER_THE_CRAWLS = {"TRAINER_EMBED_BESIDE": "0"}  # so that `embed` has a middle
BESIDE_THEM = {"TRAINER_EMBED_BESIDE": "20"}
LOST = ("crawl", "embed")


class Stored(Slow):
    """Its DATA_DIR is a copy of what a bucket has."""

    def __init__(self, root: Path, world: World, solver: FlareSolverr, bucket: Bucket) -> None:
        self.bucket = bucket
        super().__init__(root, world, solver)

    def environment(self, **other: str) -> dict[str, str]:
        seconds = {"TRAINER_OBJECT_STORE_MINUTES": "0.1"}
        return super().environment(**self.bucket.environment, **seconds, **other)


def test_killed_on_a_shared_path(tmp_path, demo_images):
    with World(week=1, images=demo_images, sites="all") as world, FlareSolverr() as solver:
        (tmp_path / "shared").mkdir()
        together = Slow(tmp_path / "shared", world, solver)
        build_with_kills(together, tmp_path / "cluster", KILLS, AFTER_THE_CRAWLS)
        equals_one_machine(together, tmp_path / "alone", world, solver)


def test_killed_while_it_embeds_beside_the_crawls(tmp_path, demo_images):
    with World(week=1, images=demo_images, sites="all") as world, FlareSolverr() as solver:
        (tmp_path / "shared").mkdir()
        together = Slow(tmp_path / "shared", world, solver)
        build_with_kills(together, tmp_path / "cluster", ["embed_beside"], BESIDE_THEM)
        equals_one_machine(together, tmp_path / "alone", world, solver)


@pytest.mark.skipif(os.geteuid() != 0, reason="disks of their own are mounts, which root makes")
def test_killed_with_disks_of_their_own_and_an_object_store(tmp_path, demo_images, bucket):
    """Nothing is shared but the bucket; twice the killed worker's disk is lost with it."""
    with World(week=1, images=demo_images, sites="all") as world, FlareSolverr() as solver:
        (tmp_path / "own").mkdir()
        together = Stored(tmp_path / "own", world, solver, bucket)
        pushed = together.run("objects", "push")
        assert pushed.returncode == 0, pushed.stderr
        folder = tmp_path / "cluster"
        build_with_kills(together, folder, KILLS, AFTER_THE_CRAWLS, LOST, own_disks=True)
        pulled = together.run("objects", "pull")
        assert pulled.returncode == 0, pulled.stderr
        equals_one_machine(together, tmp_path / "alone", world, solver)
