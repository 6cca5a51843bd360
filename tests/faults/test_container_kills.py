"""The kernel's memory limit, and `kill -9` of Docker's daemon, while the embedder's container runs.
For `make faults` only: a daemon of its own, and some minutes of embedding on a slow machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import pytest

from tests.docker_image import docker_image
from tests.embed_job import Bench
from tests.faults.own_dockerd import own_dockerd
from tests.faults.test_embed_kills import filled
from tests.waiting import wait_for
from trainer.config.settings import Settings
from trainer.embedding.runner import read_job, run_shard
from trainer.errors import ConfigError, RetryLater
from trainer.staging.manifest import StageManifest

pytestmark = [
    pytest.mark.docker,
    pytest.mark.timeout(1800),
    pytest.mark.skipif("AIRFLOW_KILLS" not in os.environ, reason="minutes: `make faults`"),
]
IMAGE = "stash-sense-trainer-embedder:test"
IMAGES = 48
PART = 8  # images a part
TOO_SMALL = "900m"  # for batches of 32: the models take most of it


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    """The embedder's image; skips with the reason where Docker cannot run here."""
    with docker_image("build", EMBEDDER_IMAGE=IMAGE):
        yield IMAGE


@pytest.fixture
def bench(image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)  # the container's user is not root
    monkeypatch.setenv("TRAINER_EMBEDDER", "docker")
    monkeypatch.setenv("TRAINER_EMBEDDER_IMAGE", image)
    return Bench(tmp_path)


def embedded(settings: Settings, job: Path) -> tuple[StageManifest, list[str]]:
    """The job's result, and what was said of each attempt before that Airflow tries again after."""
    said: list[str] = []
    while len(said) < 6:
        try:
            return run_shard(settings, job), said
        except RetryLater as error:
            said.append(str(error))
    raise AssertionError(said)


def test_a_container_that_the_kernel_killed_is_tried_again_in_smaller_batches(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINER_EMBEDDER_MEMORY", TOO_SMALL)
    if not docker.from_env().info()["MemoryLimit"]:
        pytest.skip("the kernel limits no memory here: Docker says so")
    filled(bench, IMAGES)
    job = bench.job(batch=64, part_images=256)
    manifest, said = embedded(Settings.load(bench.root), job)
    print(f"{TOO_SMALL}: batches of 64, after {len(said)} kills of {read_job(job).batch}")  # noqa: T201
    assert said and "TRAINER_EMBEDDER_MEMORY is the limit" in said[0]
    wanted = f"batches of 64 did not fit into {TOO_SMALL}; the next attempt takes batches of 32"
    assert wanted in said[0]
    assert read_job(job).batch == 64 >> len(said)
    assert manifest.counts["pictures"] == IMAGES and manifest.counts["errors"] == 0


@pytest.mark.parametrize("option", ["", "--live-restore"])
def test_a_daemon_that_was_killed_costs_a_part_at_most(
    bench: Bench, image: str, monkeypatch: pytest.MonkeyPatch, caplog, option: str
) -> None:
    filled(bench, IMAGES)
    job = bench.job(batch=4, part_images=PART)
    with own_dockerd(image, *filter(None, [option])) as daemon:
        monkeypatch.setenv("TRAINER_DOCKER_URL", daemon.url)
        settings = Settings.load(bench.root)
        with ThreadPoolExecutor(1) as threads:
            attempt = threads.submit(run_shard, settings, job)
            wait_for(lambda: any(bench.cache.glob("part-*")) or attempt.done(), 600)
            daemon.kill()
            with pytest.raises(RetryLater, match="see that Docker runs again"):
                attempt.result(300)
        with pytest.raises(ConfigError, match=r"Docker does not answer at .*; start it"):
            run_shard(settings, job)
        daemon.start()
        manifest, said = embedded(settings, job)
        assert daemon.client().containers.list(all=True) == []
    went_on = any(line.startswith("re-attached to") for line in caplog.messages)
    assert went_on is (option == "--live-restore") and said == []
    rows = bench.table().to_pylist()
    assert manifest.counts["pictures"] == IMAGES and manifest.counts["errors"] == 0
    assert manifest.counts["already"] == 0 if went_on else manifest.counts["already"] >= PART
    assert len({(row["image_sha256"], row["face_no"]) for row in rows}) == len(rows)
