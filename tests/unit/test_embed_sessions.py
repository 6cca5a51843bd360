"""The device that was asked for, or an error. ONNX Runtime is faked: there is no GPU here."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from trainer.errors import ConfigError

CUDA, CPU, TENSORRT = (f"{n}ExecutionProvider" for n in ("CUDA", "CPU", "Tensorrt"))


class FakeRuntime(ModuleType):
    """Just enough of `onnxruntime`: sessions report `chosen` providers and `placed` nodes."""

    __version__ = "9.9"

    def __init__(self) -> None:
        super().__init__("onnxruntime")
        self.available = [TENSORRT, CUDA, CPU]
        self.chosen = [CUDA, CPU]
        self.placed = [(CUDA, "Conv"), (CUDA, "Relu"), (CPU, "Gather")]
        self.asked: list[object] = []
        self.entries: list[tuple[str, str]] = []
        fake = self

        class SessionOptions:
            def add_session_config_entry(self, key: str, value: str) -> None:
                fake.entries.append((key, value))

        class InferenceSession:
            def __init__(self, content, options, providers) -> None:
                fake.asked.append((content, providers))

            def get_providers(self) -> list[str]:
                return fake.chosen

            def get_provider_graph_assignment_info(self) -> list[object]:
                return [
                    SimpleNamespace(
                        ep_name=ep, get_nodes=lambda op=op: [SimpleNamespace(op_type=op)]
                    )
                    for ep, op in fake.placed
                ]

        self.SessionOptions, self.InferenceSession = SessionOptions, InferenceSession

    def get_available_providers(self) -> list[str]:
        return self.available


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRuntime]:
    fake = FakeRuntime()
    precision: Any = ModuleType("embedder.precision")
    precision.half_precision = lambda content: b"half " + content
    monkeypatch.setitem(sys.modules, "onnxruntime", fake)
    monkeypatch.setitem(sys.modules, "embedder.precision", precision)
    monkeypatch.delitem(sys.modules, "embedder.sessions", raising=False)
    yield fake
    sys.modules.pop("embedder.sessions", None)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "m.onnx").write_bytes(b"model")
    return tmp_path / "m.onnx"


def _sessions():
    """The module, imported with the fakes in place; no library of NVIDIA is loaded."""
    sessions: Any = importlib.import_module("embedder.sessions")
    sessions._load_libraries = lambda device: None
    return sessions


def _open(path, device, threads, precision="fp32", engines=None):
    sessions = _sessions()
    return sessions.open_session(
        path, sessions.Execution(device, precision, threads, engines), recognition=True
    )


def test_cuda_takes_the_model_and_leaves_shapes_to_the_cpu(runtime, model):
    _open(model, "cuda", 1)
    ((content, providers),) = runtime.asked
    assert content == b"model"
    assert [name for name, _ in providers] == [CUDA] and providers[0][1]["use_tf32"] == "0"
    assert ("session.record_ep_graph_assignment_info", "1") in runtime.entries


@pytest.mark.parametrize(
    "change",
    [
        {"available": [CPU]},
        {"chosen": [CPU]},
        {"placed": [(CUDA, "Conv"), (CPU, "MatMul")]},
        {"placed": [(CPU, "Conv")]},
        {"placed": []},
    ],
)
def test_anything_but_the_gpu_is_an_error(runtime, model, change):
    vars(runtime).update(change)
    with pytest.raises(ConfigError, match="cuda was asked for"):
        _open(model, "cuda", 1)


def test_half_precision_is_converted_for_cuda_and_left_to_tensorrt(runtime, model, tmp_path):
    _open(model, "cuda", 1, "fp16")
    runtime.chosen = [TENSORRT, CUDA, CPU]
    runtime.placed = [(TENSORRT, "Conv"), (CUDA, "Conv")]
    _open(model, "tensorrt", 1, "fp16", tmp_path / "engines")
    _open(model, "tensorrt", 1, "fp32", tmp_path / "engines")
    (half, _), (whole, first), (_, second) = runtime.asked
    assert (half, whole) == (b"half model", b"model")
    assert [name for name, _ in first] == [TENSORRT, CUDA]
    assert (first[0][1]["trt_fp16_enable"], second[0][1]["trt_fp16_enable"]) == ("1", "0")
    caches = {chosen[0][1]["trt_engine_cache_path"] for chosen in (first, second)}
    assert len(caches) == 2 and all(Path(path).is_dir() for path in caches)


def test_tensorrt_without_a_place_for_engines_or_without_nodes_is_refused(runtime, model, tmp_path):
    with pytest.raises(ConfigError, match="writable directory"):
        _open(model, "tensorrt", 1)
    with pytest.raises(ConfigError, match="may write"):
        _open(model, "tensorrt", 1, "fp32", model / "below-a-file")
    runtime.chosen = [TENSORRT, CUDA, CPU]
    with pytest.raises(ConfigError, match="TRAINER_DEVICE=cuda"):
        _open(model, "tensorrt", 1, "fp32", tmp_path)


def test_a_detector_stays_in_full_precision(runtime, model):
    sessions = _sessions()
    sessions.open_session(model, sessions.Execution("cuda", "fp16"), recognition=False)
    assert [content for content, _ in runtime.asked] == [b"model"]
