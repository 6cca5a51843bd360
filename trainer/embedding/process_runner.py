"""The embedder as a process group of its own, in its own virtual environment."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from trainer.config.settings import REPO_ROOT, Settings
from trainer.errors import ConfigError

STOP_SECONDS = 60.0
# What the program may see of our environment: no API key, no password.
_PASSED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
_PASSED_PREFIXES = ("CUDA_", "NVIDIA_", "OMP_")


def clean_environment(environment: dict[str, str]) -> dict[str, str]:
    """The part of `environment` that the embedder may see."""
    return {
        key: value
        for key, value in environment.items()
        if key in _PASSED or key.startswith(_PASSED_PREFIXES)
    }


def run_process(settings: Settings, job_path: Path, say: Callable[[str], object]) -> str:
    """Run one job to its end, handing each line to `say`; returns the last line.

    On any exception of ours (a stop, a kill of the task) the group gets SIGTERM, finishes its
    part, and SIGKILL after a minute. Where we are killed outright, it stops because its stdin
    closes. Judge the outcome by `read_verdict`.
    """
    if not settings.embedder_python.exists():
        raise ConfigError(
            f"{settings.embedder_python}: no such Python; run `make setup`, or set "
            "TRAINER_EMBEDDER_PYTHON, or TRAINER_EMBEDDER=docker"
        )
    command = [settings.embedder_python, "-m", "embedder", "--stop-with-parent", job_path]
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=REPO_ROOT,
        env=clean_environment(dict(os.environ)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    last = ""
    try:
        assert process.stdout is not None
        for line in process.stdout:
            last = line.rstrip("\n") or last
            say(line.rstrip("\n"))
        process.wait()
    except BaseException:
        stop_group(process)
        raise
    finally:
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()
    return last


def stop_group(process: subprocess.Popen[str], seconds: float = STOP_SECONDS) -> None:
    """SIGTERM to the process's group, SIGKILL where it is still there after `seconds`."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
