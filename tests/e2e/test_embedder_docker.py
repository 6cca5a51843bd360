"""The embedder as a container: the same rows as the process, locked down, nothing left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from PIL import Image

from tests.docker_image import docker_image
from tests.embed_job import Bench, portraits
from tests.log_hook import on_log
from tests.waiting import DEADLINE
from trainer.config.jobs import EmbedJob
from trainer.config.settings import REPO_ROOT, Settings
from trainer.embedding import docker_runner
from trainer.embedding.docker_runner import create_arguments, run_container
from trainer.embedding.runner import run_shard
from trainer.embedding.spec import LABEL, container_spec, prepare_directories
from trainer.errors import ConfigError
from trainer.staging.parquet import parts

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]
IMAGE = "stash-sense-trainer-embedder:test"
SCRIPT = REPO_ROOT / "tests" / "docker_base.sh"


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    """The embedder's image; skips with the reason where Docker cannot run here."""
    with docker_image("build", EMBEDDER_IMAGE=IMAGE):
        yield IMAGE


@pytest.fixture
def settings(image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)  # pytest's directories are private to root, the container's user is not
    monkeypatch.setenv("TRAINER_EMBEDDER", "docker")
    monkeypatch.setenv("TRAINER_EMBEDDER_IMAGE", image)
    return Settings.load(tmp_path)


def _left(settings: Settings) -> list[str]:
    client = docker.DockerClient(base_url=settings.docker_url)
    wanted: dict[str, str | list[str] | bool] = {"label": f"{LABEL}.data_dir={settings.data_dir}"}
    return [str(container.name) for container in client.containers.list(all=True, filters=wanted)]


def _fill(bench: Bench) -> None:
    for name, image in portraits(("studio_portrait", "amateur_selfie")).items():
        bench.add(name, image)
    bench.add("wall", Image.new("RGB", (300, 200), (90, 120, 140)))
    bench.add("html", b"<html>not here</html>")


def test_container_and_process_give_the_same_rows(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    contained, plain = Bench(tmp_path), Bench(tmp_path / "plain")
    for bench in (contained, plain):
        _fill(bench)
    manifest = run_shard(settings, contained.job())
    assert manifest.counts["pictures"] == 22 and manifest.counts["faces"] >= 20
    assert any("to embed" in line for line in caplog.messages)
    process = settings.model_copy(update={"embedder": "process", "data_dir": plain.root})
    run_shard(process, plain.job())
    assert contained.table().equals(plain.table())
    assert [p.name for p in parts(contained.cache, "part-")] == [
        p.name for p in parts(plain.cache, "part-")
    ]
    again = run_shard(settings, contained.job())
    assert again.counts["already"] == 22 and again.counts["parts"] == 0
    assert _left(settings) == []


def test_a_container_that_outlived_its_task_is_followed_to_its_end(
    settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench(tmp_path)
    _fill(bench)
    path = bench.job(part_images=1)
    spec = container_spec(settings, path, EmbedJob.model_validate_json(path.read_text()))
    prepare_directories(spec)
    client = docker.DockerClient(base_url=settings.docker_url)
    running = client.containers.create(**create_arguments(spec))
    running.start()  # and the task that started it is gone
    manifest = run_shard(settings, path)
    assert any(line.startswith(f"re-attached to {spec.name}") for line in caplog.messages)
    assert manifest.counts["already"] == 0 and manifest.counts["faces"] >= 20
    assert _left(settings) == []


def test_a_change_of_the_code_rebuilds_the_last_layer_only(image: str, tmp_path: Path) -> None:
    for name in ("trainer", "embedder", "container"):
        shutil.copytree(REPO_ROOT / name, tmp_path / name)
    for name in ("Dockerfile.embedder", ".dockerignore"):
        shutil.copy(REPO_ROOT / name, tmp_path / name)
    with (tmp_path / "embedder" / "phash.py").open("a") as stream:
        stream.write("# changed\n")
    environment = {**os.environ, "EMBEDDER_IMAGE": f"{IMAGE}-changed", "CONTEXT": str(tmp_path)}
    subprocess.run(["bash", SCRIPT, "build"], env=environment, check=True, capture_output=True)  # noqa: S607 - wherever it lies
    client = docker.from_env(timeout=DEADLINE)
    first, second = (
        client.images.get(name).attrs["RootFS"]["Layers"] for name in (IMAGE, f"{IMAGE}-changed")
    )
    client.images.remove(f"{IMAGE}-changed")
    assert first[:-1] == second[:-1] and first[-1] != second[-1]


def test_orphans_are_reaped_and_a_stop_leaves_nothing(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than the test may take: it ends only where tini hands the SIGTERM on.
    monkeypatch.setattr(docker_runner, "STOP_SECONDS", 2400)
    bench = Bench(tmp_path)
    _fill(bench)
    path = bench.job(part_images=1)
    job = EmbedJob.model_validate_json(path.read_text())
    spec = container_spec(settings, path, job)
    prepare_directories(spec)
    client = docker.DockerClient(base_url=settings.docker_url)
    orphan = client.containers.create(**{**create_arguments(spec), "name": f"{spec.name}-old"})

    def stop(line: str) -> None:
        if "to embed" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), on_log(stop):
        run_container(settings, spec)
    assert _left(settings) == [] and orphan.id
    assert not (bench.report / "_RUN.json").exists()


def test_container_is_what_the_spec_says(settings: Settings, tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    _fill(bench)
    path = bench.job()
    spec = container_spec(settings, path, EmbedJob.model_validate_json(path.read_text()))
    seen: dict[str, Any] = {}

    def look() -> None:
        client = docker.DockerClient(base_url=settings.docker_url)
        container = client.containers.get(spec.name)
        seen.update(container.attrs["HostConfig"], User=container.attrs["Config"]["User"])
        checks = {
            "root": "touch /x",
            "pictures": f"touch {tmp_path}/images/x",
            "models": f"touch {bench.model_dir}/x",
        }
        for name, command in checks.items():
            seen[name] = container.exec_run(["sh", "-c", command]).exit_code
        for name, argv in {
            "first": ["cat", "/proc/1/comm"],
            "network": ["ls", "/sys/class/net"],
        }.items():
            output = container.exec_run(argv).output
            assert isinstance(output, bytes)
            seen[name] = output.decode().split()

    def hear(line: str) -> None:
        if "to embed" in line:
            watcher = threading.Thread(target=look)
            watcher.start()
            watcher.join(30)

    with on_log(hear):
        run_container(settings, spec)
    assert seen["User"].split(":")[0] != "0"
    assert seen["ReadonlyRootfs"] is True and seen["CapDrop"] == ["ALL"]
    assert min(seen["root"], seen["pictures"], seen["models"]) > 0
    assert seen["network"] == ["lo"]
    assert seen["Memory"] == seen["MemorySwap"] > 0 and seen["PidsLimit"] == spec.pids_limit
    assert seen["SecurityOpt"] == ["no-new-privileges"]
    assert seen["first"] == ["tini"]


def test_missing_image_and_missing_nvidia_runtime_say_what_to_do(
    settings: Settings, tmp_path: Path
) -> None:
    bench = Bench(tmp_path)
    bench.add("wall", Image.new("RGB", (300, 200)))
    path = bench.job(device="cuda")
    spec = container_spec(settings, path, EmbedJob.model_validate_json(path.read_text()))
    with pytest.raises(ConfigError, match=r"docker build -f Dockerfile\.embedder"):
        run_container(settings, spec.model_copy(update={"image": "nowhere:none"}))
    with pytest.raises(ConfigError, match="NVIDIA Container Toolkit"):
        run_container(settings, spec)
    assert _left(settings) == []
