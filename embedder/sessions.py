"""ONNX Runtime sessions on the device that was asked for, and on no other."""

from __future__ import annotations

import os
from pathlib import Path

import onnxruntime as ort

from trainer.errors import ConfigError

PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


def check_device(device: str) -> None:
    """Raise `ConfigError` where this ONNX Runtime cannot use `device` at all."""
    if PROVIDERS[device] not in ort.get_available_providers():
        raise ConfigError(
            f"device {device} was asked for, but this ONNX Runtime offers "
            f"{ort.get_available_providers()}; install embedder/requirements-cuda.txt on a "
            "machine with an NVIDIA GPU, or set TRAINER_DEVICE=cpu"
        )


def open_session(path: Path, device: str, threads: int) -> ort.InferenceSession:
    """A session of one model; `threads` 0 means as many as there are cores.

    Raises `ConfigError` where the model does not run on `device` (ONNX Runtime itself would
    fall back to the CPU without an error).
    """
    check_device(device)
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or os.cpu_count() or 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads of a model that is not running would take the cores from the one that is.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    # A GPU runs the same kernels for the same picture whatever was tried before.
    extra = {"cudnn_conv_algo_search": "HEURISTIC"} if device == "cuda" else {}
    session = ort.InferenceSession(
        path.read_bytes(), options, providers=[(PROVIDERS[device], extra)]
    )
    if session.get_providers()[0] != PROVIDERS[device]:
        raise ConfigError(
            f"{path.name}: {device} was asked for, but ONNX Runtime chose "
            f"{session.get_providers()}; check the GPU driver and the CUDA libraries"
        )
    return session
