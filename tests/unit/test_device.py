"""TRAINER_DEVICE: `auto` says what it chose, a GPU asked for by name has to be there."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from trainer.config.settings import Settings
from trainer.embedding import device
from trainer.embedding.device import DEVICE_LABEL, choose_device
from trainer.errors import ConfigError


@pytest.fixture
def gpu(tmp_path, monkeypatch):
    """Call it to put an NVIDIA GPU into this machine."""
    file = tmp_path / "nvidiactl"
    monkeypatch.setattr(device, "GPU_FILES", (file,))
    return file.touch


def _settings(**values) -> Settings:
    return Settings().model_copy(update=values)


def test_auto_takes_the_cpu_where_there_is_no_gpu_and_says_so(gpu, caplog):
    assert choose_device(_settings(device="auto")) == "cpu"
    assert caplog.messages == ["TRAINER_DEVICE=auto: cpu, as there is no NVIDIA GPU here"]


def test_auto_takes_the_gpu_where_the_embedder_can_use_it(gpu, monkeypatch, caplog, tmp_path):
    gpu()
    python = tmp_path / "python"
    for offered, chosen in (("CPUExecutionProvider", "cpu"), ("CUDAExecutionProvider x", "cuda")):
        python.write_text(f"#!/bin/sh\necho {offered}\n")
        python.chmod(0o755)
        assert choose_device(_settings(device="auto", embedder_python=python)) == chosen
    assert "the image's target cuda" in caplog.messages[0]
    assert caplog.messages[1] == "TRAINER_DEVICE=auto: cuda"


def test_a_gpu_asked_for_by_name_has_to_be_there(gpu):
    with pytest.raises(ConfigError, match="start the container with `--gpus all`"):
        choose_device(_settings(device="cuda"))
    gpu()
    assert choose_device(_settings(device="cuda")) == "cuda"
    assert choose_device(_settings(device="cpu")) == "cpu"


@pytest.mark.parametrize(
    ("runtimes", "label", "chosen", "said"),
    [
        ({"runc": {}}, "cuda", "cpu", "NVIDIA Container Toolkit"),
        ({"nvidia": {}}, "cpu", "cpu", "an image for the CPU"),
        ({"nvidia": {}}, "cuda", "cuda", "auto: cuda"),
    ],
)
def test_auto_asks_docker_and_the_image(monkeypatch, caplog, runtimes, label, chosen, said):
    image = SimpleNamespace(labels={DEVICE_LABEL: label})
    client = SimpleNamespace(
        info=lambda: {"Runtimes": runtimes},
        images=SimpleNamespace(get=lambda _name: image),
        close=lambda: None,
    )
    monkeypatch.setattr(device, "docker_client", lambda _settings: client)
    assert choose_device(_settings(device="auto", embedder="docker")) == chosen
    assert said in caplog.messages[0]
