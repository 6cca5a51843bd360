"""The embedder as a container, started from a `ContainerSpec` through docker-py."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from typing import Any

from trainer.config.settings import Settings
from trainer.embedding.docker_gone import ITS_OWN_EXIT_STATUSES, daemon_stays, ended_from_outside
from trainer.embedding.process_runner import KILLED, silent
from trainer.embedding.spec import LABEL, ContainerSpec, prepare_directories
from trainer.errors import ConfigError, StageFailed
from trainer.processes.watchdog import Watchdog
from trainer.reasons import reason

log = logging.getLogger(__name__)

STOP_SECONDS = 60
CONFLICT = 409
RUN_LABEL = f"{LABEL}.run_id"
_NO_NVIDIA = (
    "could not select device driver",
    "unknown or invalid runtime name: nvidia",
    "failed to discover GPU vendor from CDI",
    "CDI device injection failed",
    "nvidia-container-cli",
)


def run_container(
    settings: Settings,
    spec: ContainerSpec,
    before_start: Callable[[], object] = lambda: None,
) -> str:
    """Run the container to its end, logging each line; returns the last line.

    A container that does this very job already, for a scheduler that has died, is followed
    instead; others of the same shard are orphans and are reaped. Else `before_start` is called
    and a new one started. Nothing is left behind. On any exception of ours it is stopped
    (SIGTERM, SIGKILL after a minute). Raises `RetryLater` where Docker went away, or the container
    was ended from outside. Judge by `read_shard_result`.
    """
    client = docker_client(settings)
    prepare_directories(spec)
    with closing(client), daemon_stays(settings.docker_url):
        container = find_running(client, spec)
        if container is None:
            before_start()
            container = _start(client, spec)
        try:
            return follow(container, settings.embedder_silence)
        finally:
            remove(container)


def docker_client(settings: Settings) -> Any:
    """Return a client of a daemon that answers; raises `ConfigError` where none does."""
    import docker

    try:
        client = docker.DockerClient(base_url=settings.docker_url, timeout=STOP_SECONDS + 30)
        client.ping()
    except docker.errors.DockerException as error:
        raise ConfigError(
            f"Docker does not answer at {settings.docker_url}: {reason(error)}; start it, or set "
            "TRAINER_EMBEDDER=process"
        ) from None
    return client


def find_running(client: Any, spec: ContainerSpec) -> Any | None:
    """The container that does, or has done, this very job; all others of the shard are reaped."""
    key, value = spec.job_label
    found = None
    for container in _of_shard(client, spec):
        state = container.attrs["State"]
        usable = state["Running"] or (state["Status"] == "exited" and state["ExitCode"] == 0)
        if found is None and usable and container.labels.get(key) == value:
            log.info(f"re-attached to {container.name}, which was started before")
            found = container
        else:
            log.info(f"removing {container.name}, left by an earlier build")
            remove(container)
    return found


def stop_run(client: Any, spec: ContainerSpec) -> None:
    """Stop and remove this run's container of the shard, and no other run's."""
    for container in _of_shard(client, spec):
        if container.labels.get(RUN_LABEL) == spec.labels[RUN_LABEL]:
            log.info(f"stopping {container.name}")
            remove(container)


def _of_shard(client: Any, spec: ContainerSpec) -> list[Any]:
    wanted = [f"{key}={value}" for key, value in spec.identity_labels.items()]
    # One that somebody else removes meanwhile is no error.
    return list(client.containers.list(all=True, filters={"label": wanted}, ignore_removed=True))


def remove(container: Any) -> None:
    """Stop and remove; somebody else may be doing the same."""
    from docker.errors import APIError, NotFound

    try:
        container.stop(timeout=STOP_SECONDS)
        container.remove(force=True)
    except NotFound:
        return
    except APIError as error:
        if error.status_code != CONFLICT:  # its removal is in progress
            raise


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
        "memswap_limit": spec.mem_limit,  # no swap on top
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
            f"`docker build -f Dockerfile.embedder --target {'cuda' if spec.gpu else 'cpu'} "
            f"-t {spec.image} .`"
        ) from None
    try:
        container.start()
    except docker.errors.APIError as error:
        container.remove(force=True)
        raise start_failure(error.explanation or str(error)) from None
    return container


def start_failure(explanation: str) -> StageFailed | ConfigError:
    """What a person can do about a container that does not start."""
    if any(sign in explanation for sign in _NO_NVIDIA):
        return ConfigError(
            "Docker has no NVIDIA runtime, so it cannot give the embedder a GPU: install the "
            "NVIDIA Container Toolkit and restart Docker, or set TRAINER_DEVICE=cpu "
            f"(Docker said: {explanation})"
        )
    return StageFailed(
        f"the embedder's container does not start: {explanation}; see the Docker daemon's log"
    )


def follow(container: Any, silence_seconds: float) -> str:
    """Every line of the log until the program ends; whole lines, whatever the chunks.

    Raises `StageFailed` where nothing is said for `silence_seconds`; the container is killed.
    Raises `RetryLater` where somebody else ended it.
    """
    last, rest = "", b""
    with Watchdog(silence_seconds, container.kill) as silence:
        for chunk in container.logs(stream=True, follow=True):
            *lines, rest = (rest + chunk).split(b"\n")
            with silence.paused():
                for line in lines:
                    last = line.decode(errors="replace")
                    log.info(last)
        container.wait()
    if silence.broken:
        raise StageFailed(silent(silence_seconds, last))
    container.reload()
    state = container.attrs["State"]
    if state.get("OOMKilled"):
        return f"{last} ({KILLED}; TRAINER_EMBEDDER_MEMORY is the limit)"
    if state["ExitCode"] not in ITS_OWN_EXIT_STATUSES:
        raise ended_from_outside(state["ExitCode"], last)
    return last
