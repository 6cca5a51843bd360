"""The machine: its GPU, and the Docker daemon where the embedder is a container."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trainer.config.settings import Settings
from trainer.embedding.nvidia import list_gpus, why_too_old
from trainer.health.finding import Finding, ok, skipped
from trainer.reasons import reason

_SECONDS = 10


def gpu(settings: Settings) -> Finding:
    """Does the driver show a GPU to this process, and is it new enough?"""
    if settings.device == "cpu":
        return skipped("GPU", "TRAINER_DEVICE is cpu")
    help_ = "install the NVIDIA driver and container toolkit, or set TRAINER_DEVICE=cpu"
    gpus = list_gpus()
    if isinstance(gpus, str):
        return Finding("GPU", _level(settings), gpus, help_)
    text = "; ".join(f"{one.name}, driver {one.driver}" for one in gpus)
    if problem := why_too_old():
        return Finding(
            "GPU", _level(settings), f"{text}; {problem}", "set TRAINER_DEVICE=cpu until then"
        )
    return ok("GPU", text)


def _level(settings: Settings) -> Any:
    """A container sees the GPU by itself; a process of ours needs it here."""
    return "bad" if settings.embedder == "process" and settings.device != "auto" else "warning"


def docker(settings: Settings) -> Iterator[Finding]:
    """The daemon, its NVIDIA runtime, and DATA_DIR at one path on the host and in here."""
    if settings.embedder != "docker":
        yield skipped("Docker", f"the embedder runs by {settings.embedder}")
        return
    import docker as library
    from docker.errors import DockerException

    client = None
    try:
        client = library.DockerClient(base_url=settings.docker_url, timeout=_SECONDS)
        runtimes = client.info().get("Runtimes", {})
        yield ok("Docker", f"{settings.docker_url} answers")
        if settings.device not in ("cpu", "auto"):
            yield _runtime(runtimes)
        yield from _one_path(client, settings)
    except (DockerException, OSError) as error:
        yield Finding(
            "Docker",
            "bad",
            f"{settings.docker_url} does not answer ({reason(error)})",
            "start Docker, or let this user use its socket (the group docker)",
        )
    finally:
        if client is not None:
            client.close()


def _runtime(runtimes: dict[str, Any]) -> Finding:
    if "nvidia" in runtimes:
        return ok("NVIDIA runtime", "Docker has it")
    help_ = "install the NVIDIA container toolkit and run `nvidia-ctk runtime configure`"
    return Finding("NVIDIA runtime", "warning", "Docker has none by that name", help_)


def _one_path(client: Any, settings: Settings) -> Iterator[Finding]:
    """In a container the embedder's mounts name paths of the host: both have to be the same."""
    if not Path("/.dockerenv").exists():
        yield ok("one path", "this runs on the host itself")
        return
    mounts = client.containers.get(socket.gethostname()).attrs.get("Mounts", [])
    sources = {mount["Destination"]: mount["Source"] for mount in mounts}
    place = str(settings.data_dir)
    if sources.get(place) == place:
        yield ok("one path", f"{place} is the same on the host")
        return
    yield Finding(
        "one path",
        "bad",
        f"{place} in here is {sources.get(place, 'no mount')} on the host",
        "mount DATA_DIR under the same path on both sides",
    )
