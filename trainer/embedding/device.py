"""What the models run on: TRAINER_DEVICE, and what `auto` means on this machine."""

from __future__ import annotations

import logging
import subprocess
from pathlib import Path
from typing import Literal

from trainer.config.environment import for_program
from trainer.config.settings import Settings
from trainer.embedding.docker_runner import docker_client
from trainer.embedding.nvidia import why_too_old
from trainer.embedding.spec import LABEL
from trainer.errors import ConfigError
from trainer.reasons import reason

log = logging.getLogger(__name__)

Device = Literal["cpu", "cuda", "tensorrt"]
GPU_FILES = (Path("/dev/nvidiactl"), Path("/dev/dxg"))  # Linux; Windows' subsystem for Linux
_PROBE = "import onnxruntime as ort; print(*ort.get_available_providers())"
_PROBE_SECONDS = 120
DEVICE_LABEL = f"{LABEL}.device"  # of the embedder's image: what its ONNX Runtime is made for
_START = "start the container with `--gpus all`, or set TRAINER_DEVICE=auto or cpu"


def choose_device(settings: Settings) -> Device:
    """Return what the embedder is asked to run on, and log what `auto` chose.

    Raises `ConfigError` where a GPU was asked for by name and this machine has none.
    """
    if settings.device == "cpu":
        return "cpu"
    if settings.device != "auto":
        if settings.embedder == "process":
            _require_gpu(settings.device)
        return settings.device
    problem = _why_not_cuda(settings)
    log.info(f"TRAINER_DEVICE=auto: {f'cpu, as {problem}' if problem else 'cuda'}")
    return "cpu" if problem else "cuda"


def _require_gpu(device: str) -> None:
    if not _has_gpu():
        raise ConfigError(f"TRAINER_DEVICE={device}, but there is no NVIDIA GPU here; {_START}")
    if problem := why_too_old():
        raise ConfigError(f"TRAINER_DEVICE={device}, but {problem}; set TRAINER_DEVICE=cpu")


def _why_not_cuda(settings: Settings) -> str | None:
    if settings.embedder == "kubernetes":
        return "a cluster's GPUs can't be seen from here (TRAINER_DEVICE=cuda asks for one)"
    if settings.embedder == "docker":
        return _gpu_problem(settings)
    if not _has_gpu():
        return "there is no NVIDIA GPU here"
    if "CUDAExecutionProvider" not in _providers(settings.embedder_python):
        return (
            "the embedder's environment is the one for the CPU (the image's target cuda has CUDA)"
        )
    return why_too_old()


def _has_gpu() -> bool:
    return any(path.exists() for path in GPU_FILES)


def _providers(python: Path) -> str:
    """What the embedder's ONNX Runtime offers; nothing where it does not start."""
    try:
        done = subprocess.run(
            [python, "-c", _PROBE],
            env=for_program(),
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _gpu_problem(settings: Settings) -> str | None:
    """Why the daemon could give no GPU to the embedder's image; None where it could."""
    import docker

    client = docker_client(settings)
    try:
        if "nvidia" not in client.info().get("Runtimes", {}):
            return "Docker has no NVIDIA runtime (the NVIDIA Container Toolkit brings it)"
        labels = client.images.get(settings.embedder_image).labels
    except docker.errors.DockerException as error:
        return f"Docker does not say whether it has a GPU ({reason(error)})"
    finally:
        client.close()
    if labels.get(DEVICE_LABEL) != "cuda":
        return f"{settings.embedder_image} is an image for the CPU (its target cuda has CUDA)"
    return None
