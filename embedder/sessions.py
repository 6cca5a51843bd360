"""ONNX Runtime sessions on the device that was asked for, and on no other."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime as ort

from embedder.precision import half_precision
from trainer.config.jobs import EmbedJob
from trainer.errors import ConfigError

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
_TENSORRT = "tensorrt-cu13-libs>=10,<11"  # ONNX Runtime's provider is linked against version 10


@dataclass(frozen=True)
class Execution:
    """Where models run: `threads` 0 means as many as there are cores; `engines` is a writable
    directory for what TensorRT compiles, `profiles` one for what ONNX Runtime writes of a run."""

    device: str = "cpu"
    precision: str = "fp32"
    threads: int = 0
    engines: Path | None = None
    profiles: Path | None = None

    @classmethod
    def of(cls, job: EmbedJob) -> Execution:
        """As the job asks."""
        return cls(job.device, job.precision, job.threads, job.cache_dir / "tensorrt")

    @property
    def plain(self) -> bool:
        """Is this what all others are compared with?"""
        return (self.device, self.precision) == ("cpu", "fp32")


def check_device(device: str) -> None:
    """Raise `ConfigError` where this ONNX Runtime cannot use `device` at all."""
    if device != "cpu":
        _load_libraries(device)
    if PROVIDERS[device] not in ort.get_available_providers():
        raise ConfigError(
            f"device {device} was asked for, but this ONNX Runtime offers "
            f"{ort.get_available_providers()}; install embedder/requirements-cuda.txt on a "
            "machine with an NVIDIA GPU, or set TRAINER_DEVICE=cpu"
        )


def _load_libraries(device: str) -> None:
    """CUDA, cuDNN and TensorRT lie in Python packages, where the linker does not look."""
    if hasattr(ort, "preload_dlls"):
        ort.preload_dlls()
    if device == "tensorrt":
        try:
            importlib.import_module("tensorrt_libs")
        except (ImportError, OSError) as error:
            raise ConfigError(
                f"device tensorrt was asked for, but its libraries are missing ({error}); install "
                f"{_TENSORRT} beside embedder/requirements-cuda.txt, or set TRAINER_DEVICE=cuda"
            ) from None


def open_session(path: Path, execution: Execution, recognition: bool) -> ort.InferenceSession:
    """A session of one model. Half precision is for recognition models: a detector's boxes would
    move, and it is the smaller part of the work.

    Raises `ConfigError` where the model does not run on the device (ONNX Runtime itself would
    fall back to the CPU without an error).
    """
    device = execution.device
    check_device(device)
    half = recognition and execution.precision == "fp16"
    content = path.read_bytes()
    if half and device != "tensorrt":  # TensorRT chooses its kernels itself
        content = half_precision(content)
    session = ort.InferenceSession(
        content, _options(execution, path), providers=_providers(execution, half)
    )
    if session.get_providers()[0] != PROVIDERS[device]:
        raise ConfigError(
            f"{path.name}: {device} was asked for, but ONNX Runtime chose "
            f"{session.get_providers()}; check the GPU driver and the CUDA libraries"
        )
    return session


def _options(execution: Execution, path: Path) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = execution.threads or os.cpu_count() or 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads of a model that is not running would take the cores from the one that is.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    if execution.profiles is not None:
        options.enable_profiling = True
        options.profile_file_prefix = str(execution.profiles / path.stem)
    return options


def _providers(execution: Execution, half: bool) -> list[tuple[str, dict[str, Any]]]:
    """The device's provider; below TensorRT there is CUDA for what it does not know."""
    if execution.device == "cpu":
        return [(PROVIDERS["cpu"], {})]
    # The same kernels for the same picture whatever was tried before.
    chosen: list[tuple[str, dict[str, Any]]] = [
        (PROVIDERS["cuda"], {"cudnn_conv_algo_search": "HEURISTIC"})
    ]
    if execution.device == "tensorrt":
        assert execution.engines is not None
        execution.engines.mkdir(parents=True, exist_ok=True)
        kept = {
            "trt_engine_cache_enable": True,
            "trt_engine_cache_path": str(execution.engines),
            "trt_fp16_enable": half,
        }
        chosen.insert(0, (PROVIDERS["tensorrt"], kept))
    return chosen
