"""TRAINER_DEVICE: `auto` says what it chose, a GPU asked for by name has to be there."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

import embedder
from trainer.config.settings import Settings
from trainer.embedding import device, nvidia
from trainer.embedding.device import DEVICE_LABEL, choose_device
from trainer.errors import ConfigError
from trainer.health import machine


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


@pytest.fixture
def nvidia_smi(gpu, tmp_path, monkeypatch):
    """Call it with the lines that the machine's `nvidia-smi` prints."""
    gpu()
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")

    def write(*lines: str) -> None:
        program.write_text("#!/bin/sh\ncat <<END\n" + "\n".join(lines) + "\nEND\n")
        program.chmod(0o755)

    return write


OLD_GPU, OLD_DRIVER = "Quadro P2000, 580.95.05, 6.1", "NVIDIA GeForce RTX 3060, 570.133.07, 8.6"
GOOD = "NVIDIA T4, 580.65.06, 7.5"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([OLD_GPU], "Quadro P2000 is too old for CUDA 13 (compute capability 6.1"),
        ([OLD_DRIVER], "driver 570.133.07 is too old for CUDA 13, which needs 580 or newer"),
        ([OLD_GPU, GOOD], None),
        (["Tesla, A, 590.1, 12.0"], None),
        (["NVIDIA T4, [N/A], [N/A]"], None),
        (["No devices were found"], None),
    ],
)
def test_a_gpu_that_this_cuda_can_not_run_on_is_not_taken(
    nvidia_smi, lines, said, caplog, tmp_path
):
    nvidia_smi(*lines)
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho CUDAExecutionProvider\n")
    python.chmod(0o755)
    chosen = choose_device(_settings(device="auto", embedder_python=python))
    assert chosen == ("cpu" if said else "cuda")
    assert (said or "auto: cuda") in caplog.messages[0]
    if said is None:
        assert choose_device(_settings(device="cuda")) == "cuda"
        return
    with pytest.raises(ConfigError, match="set TRAINER_DEVICE=cpu") as error:
        choose_device(_settings(device="cuda"))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("line", "level", "said"),
    [
        (GOOD, "ok", "NVIDIA T4, driver 580.65.06"),
        (OLD_GPU, "warning", "the oldest that it knows is 7.5"),
        (OLD_DRIVER, "warning", "update it"),
        ("No devices were found", "warning", "shows none"),
    ],
)
def test_the_doctor_knows_an_old_gpu(nvidia_smi, line, level, said):
    nvidia_smi(line)
    finding = machine.gpu(_settings(device="auto"))
    assert (finding.level, said in finding.text) == (level, True)


def test_the_oldest_driver_is_the_one_of_the_locked_cuda():
    lock = Path(embedder.__file__).with_name("requirements-cuda.txt").read_text()
    assert (
        f"nvidia-cudnn-cu{nvidia.CUDA}==" in lock and f"nvidia-cuda-runtime=={nvidia.CUDA}." in lock
    )
