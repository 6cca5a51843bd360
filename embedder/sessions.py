"""ONNX Runtime sessions on the device that was asked for, and on no other."""

from __future__ import annotations

import hashlib
import importlib
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime as ort

from embedder.precision import half_precision
from trainer.config.jobs import EmbedJob
from trainer.embedding.nvidia import CUDA, OLDEST_DRIVER
from trainer.errors import ConfigError
from trainer.reasons import in_words, reason

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
ENGINES = ".tensorrt"  # in the face cache: writable in the container, one directory per pack
# Where the time goes. ONNX Runtime puts shape arithmetic on the CPU on purpose (it is faster
# there), so `session.disable_cpu_ep_fallback`, which refuses that as well, cannot be set.
HEAVY = frozenset({"Conv", "ConvTranspose", "FusedConv", "Gemm", "FusedGemm", "MatMul"})
_NO_ENGINES = (
    "device tensorrt needs a writable directory for the engines that it compiles; "
    "see docs/embedder.md"
)
_TENSORRT = "tensorrt-cu13-libs>=10,<11"  # the provider is linked against libnvinfer.so.10
_RECORD = "session.record_ep_graph_assignment_info"


@dataclass(frozen=True)
class Execution:
    """Where models run: `threads` 0 means as many as there are cores; `engines` is a writable
    directory, where TensorRT keeps what it compiles (minutes per model, once)."""

    device: str = "cpu"
    precision: str = "fp32"
    threads: int = 0
    engines: Path | None = None

    @classmethod
    def of(cls, job: EmbedJob) -> Execution:
        """As the job asks."""
        return cls(job.device, job.precision, job.threads, job.cache_dir / ENGINES)

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
                "device tensorrt was asked for, but its libraries are missing "
                f"({reason(error)}); install "
                f"{_TENSORRT} beside embedder/requirements-cuda.txt, or set TRAINER_DEVICE=cuda"
            ) from None


def open_session(path: Path, execution: Execution, recognition: bool) -> ort.InferenceSession:
    """A session of one model. Half precision is for recognition models: a detector's boxes would
    move, and it is the smaller part of the work.

    Raises `ConfigError` where the model, or one of its heavy nodes, does not run on the device
    (ONNX Runtime itself would fall back to the CPU without an error).
    """
    device = execution.device
    precision = execution.precision if recognition else "fp32"
    check_device(device)
    content = path.read_bytes()
    engines = _engines(execution.engines, content, precision) if device == "tensorrt" else None
    # TensorRT lowers the precision itself, and better where the graph is as it was exported.
    if precision == "fp16" and device != "tensorrt":
        content = half_precision(content)
    session = ort.InferenceSession(
        content, _options(execution), providers=providers(device, precision, engines)
    )
    check_placement(session, path.name, device)
    return session


def providers(
    device: str, precision: str, engines: Path | None = None
) -> list[tuple[str, dict[str, str]]]:
    """ONNX Runtime's `providers` for a device, first choice first."""
    if device == "cpu":
        return [(PROVIDERS["cpu"], {})]
    # HEURISTIC: the same kernels for the same picture whatever was tried before. TF32 has the
    # mantissa of half precision, so float32 means float32.
    cuda = {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"}
    chain = [(PROVIDERS["cuda"], cuda)]
    if device == "tensorrt":
        chain.insert(0, (PROVIDERS["tensorrt"], _tensorrt(precision, engines)))
    return chain


def _tensorrt(precision: str, engines: Path | None) -> dict[str, str]:
    if engines is None:
        raise ConfigError(_NO_ENGINES)
    return {
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": str(engines),
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": str(engines),
        "trt_fp16_enable": "1" if precision == "fp16" else "0",
    }


def _engines(engine_dir: Path | None, content: bytes, precision: str) -> Path:
    """A directory of this model, precision and runtime alone.

    ONNX Runtime names an engine by the graph's shape, not its weights, and asks that engines of
    another version are thrown away.
    """
    if engine_dir is None:
        raise ConfigError(_NO_ENGINES)
    name = f"{hashlib.sha256(content).hexdigest()[:16]}-{precision}-{ort.__version__}"
    directory = engine_dir / name
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"{directory}: {error.strerror}; keep TensorRT's engines where the embedder may write"
        ) from None
    return directory


def _options(execution: Execution) -> Any:
    options = ort.SessionOptions()
    options.intra_op_num_threads = execution.threads or os.cpu_count() or 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads of a model that is not running would take the cores from the one that is.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    if execution.device != "cpu":
        options.add_session_config_entry(_RECORD, "1")
    return options


def check_placement(session: Any, name: str, device: str) -> None:
    """Raise `ConfigError` where the session, or a heavy node of it, is not on `device`.

    TensorRT may leave nodes to CUDA, the second provider, but not all of them.
    """
    chosen = session.get_providers()
    if chosen[0] != PROVIDERS[device]:
        raise ConfigError(
            f"{name}: {device} was asked for, but ONNX Runtime chose "
            f"{chosen}; CUDA {CUDA} needs NVIDIA's driver {OLDEST_DRIVER} or newer and a GPU of "
            "2018 or newer (Turing); `nvidia-smi` shows both"
        )
    if device == "cpu":
        return
    placed = heavy_nodes(session)
    strays = placed[PROVIDERS["cpu"]]
    if strays or not placed[PROVIDERS[device]]:
        raise ConfigError(
            f"{name}: {device} was asked for, but its convolutions and matrix products were "
            f"placed on {in_words(placed)}; check ONNX Runtime and the GPU driver, or say "
            f"TRAINER_DEVICE={'cuda' if device == 'tensorrt' else 'cpu'}"
        )


def heavy_nodes(session: Any) -> Counter[str]:
    """How many heavy nodes each provider got, by the provider's name."""
    placed: Counter[str] = Counter()
    for part in session.get_provider_graph_assignment_info():
        count = sum(node.op_type in HEAVY for node in part.get_nodes())
        if count:
            placed[part.ep_name] += count
    return placed
