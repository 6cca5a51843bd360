"""The embedder as a container, started from a `ContainerSpec` through docker-py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trainer.config.settings import Settings
from trainer.embedding.spec import ContainerSpec, prepare_directories
from trainer.errors import ConfigError, StageFailed

STOP_SECONDS = 60


def run_container(settings: Settings, spec: ContainerSpec, say: Callable[[str], object]) -> str:
    """Run the container to its end, handing each line to `say`; returns the last line.

    Orphans of the same shard are reaped first, and nothing is left behind. On any exception of
    ours it is stopped (SIGTERM, SIGKILL after a minute). Judge by `read_verdict`.
    """
    import docker

    try:
        client = docker.DockerClient(base_url=settings.docker_url, timeout=STOP_SECONDS + 30)
        client.ping()
    except docker.errors.DockerException as error:
        raise ConfigError(
            f"Docker does not answer at {settings.docker_url}: {error}; start it, or set "
            "TRAINER_EMBEDDER=process"
        ) from None
    prepare_directories(spec)
    reap_orphans(client, spec, say)
    container = _start(client, spec)
    try:
        return _follow(container, say)
    finally:
        container.stop(timeout=STOP_SECONDS)
        container.remove(force=True)
        client.close()


def reap_orphans(client: Any, spec: ContainerSpec, say: Callable[[str], object]) -> None:
    """Stop and remove containers of this shard that an earlier, killed build left behind."""
    wanted = [f"{key}={value}" for key, value in spec.identity_labels.items()]
    for container in client.containers.list(all=True, filters={"label": wanted}):
        say(f"removing {container.name}, left by an earlier build")
        container.stop(timeout=STOP_SECONDS)
        container.remove(force=True)


def create_arguments(spec: ContainerSpec) -> dict[str, Any]:
    """`spec` as docker-py's arguments of `containers.create`."""
    from docker.types import DeviceRequest, Mount

    gpu = [DeviceRequest(count=1, capabilities=[["gpu"]])] if spec.gpu else None
    return {
        "image": spec.image,
        "command": spec.command,
        "name": spec.name,
        "labels": spec.labels,
        "mounts": [
            Mount(str(m.path), str(m.path), type="bind", read_only=m.read_only) for m in spec.mounts
        ],
        "user": spec.user,
        "mem_limit": spec.mem_limit,
        "environment": spec.environment,
        "network_mode": spec.network_mode,
        "read_only": spec.read_only,
        "tmpfs": spec.tmpfs,
        "cap_drop": spec.cap_drop,
        "security_opt": spec.security_opt,
        "pids_limit": spec.pids_limit,
        "device_requests": gpu,
    }


def _start(client: Any, spec: ContainerSpec) -> Any:
    import docker

    try:
        container = client.containers.create(**create_arguments(spec))
    except docker.errors.ImageNotFound:
        raise ConfigError(
            f"image {spec.image} is not there; build it with "
            f"`docker build -f Dockerfile.embedder -t {spec.image} .`"
        ) from None
    try:
        container.start()
    except docker.errors.APIError as error:
        container.remove(force=True)
        raise start_failure(error.explanation or str(error)) from None
    return container


def start_failure(explanation: str) -> StageFailed | ConfigError:
    """What a person can do about a container that does not start."""
    if "could not select device driver" in explanation:
        return ConfigError(
            "Docker has no NVIDIA runtime, so it cannot give the embedder a GPU: install the "
            "NVIDIA Container Toolkit and restart Docker, or set TRAINER_DEVICE=cpu "
            f"(Docker said: {explanation})"
        )
    return StageFailed(f"the embedder's container does not start: {explanation}")


def _follow(container: Any, say: Callable[[str], object]) -> str:
    """Every line of the log until the program ends; whole lines, whatever the chunks."""
    last, rest = "", b""
    for chunk in container.logs(stream=True, follow=True):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            last = line.decode(errors="replace")
            say(last)
    result = container.wait()
    if result.get("StatusCode") == 137:
        return f"{last} (killed: out of memory? TRAINER_EMBEDDER_MEMORY is the limit)"
    return last
