"""The NVIDIA GPUs of this machine, by `nvidia-smi`, and whether our CUDA runs on them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass

from trainer.config.environment import for_program
from trainer.reasons import reason

# What the CUDA of embedder/requirements-cuda.txt asks for (NVIDIA's release notes).
CUDA = 13
OLDEST_DRIVER = 580
OLDEST_CAPABILITY = (7, 5)  # Turing; Maxwell, Pascal and Volta went with CUDA 12
_QUERY = "--query-gpu=name,driver_version,compute_cap"
_SECONDS = 10


@dataclass(frozen=True)
class Gpu:
    """A line of `nvidia-smi`: `driver` and `capability` as spelt there, e.g. 580.95.05, 8.6."""

    name: str
    driver: str
    capability: str

    def too_old(self) -> str | None:
        """Why this GPU can't run CUDA 13; None where it can, or where `nvidia-smi` does not say."""
        if (found := _numbers(self.capability)) and found < OLDEST_CAPABILITY:
            return (
                f"{self.name} is too old for CUDA {CUDA} (compute capability {self.capability}, "
                f"the oldest that it knows is {'.'.join(map(str, OLDEST_CAPABILITY))}, Turing)"
            )
        if (found := _numbers(self.driver)) and found < (OLDEST_DRIVER,):
            return (
                f"NVIDIA's driver {self.driver} is too old for CUDA {CUDA}, "
                f"which needs {OLDEST_DRIVER} or newer: update it"
            )
        return None


def list_gpus() -> list[Gpu] | str:
    """Return the GPUs that the driver shows to this process, or why there are none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return "nvidia-smi is not there"
    try:
        done = subprocess.run(
            [program, _QUERY, "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
            env=for_program(),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"nvidia-smi: {reason(error)}"
    lines = [line.split(", ") for line in done.stdout.splitlines() if line.count(", ") >= 2]
    if done.returncode or not lines:
        return "nvidia-smi shows none"
    return [Gpu(", ".join(line[:-2]), line[-2], line[-1]) for line in lines]


def why_too_old() -> str | None:
    """Why none of the GPUs here can run CUDA 13; None where one can, or where nobody says."""
    gpus = list_gpus()
    problems = [None] if isinstance(gpus, str) else [gpu.too_old() for gpu in gpus]
    return None if None in problems else problems[0]


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.strip().split(".")
    return tuple(map(int, parts)) if all(part.isdigit() for part in parts) else ()
