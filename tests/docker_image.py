"""Images built by `docker_base.sh` for the tests that run containers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from trainer.config.settings import REPO_ROOT

_CANNOT_RUN = 75
_SCRIPT = REPO_ROOT / "tests" / "docker_base.sh"


@contextmanager
def docker_image(command: str, **names: str) -> Iterator[None]:
    """Run the script's `command`, which builds the image that `names` says (an environment
    variable and its value), and stop the daemon afterwards unless KEEP_DOCKERD=1. Skips with the
    script's reason where Docker cannot run here."""
    done = subprocess.run(
        ["bash", _SCRIPT, command],  # noqa: S607 - wherever it lies
        env={**os.environ, **names},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == _CANNOT_RUN:
        pytest.skip(f"Docker cannot run here: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    yield
    if os.environ.get("KEEP_DOCKERD") != "1":
        subprocess.run(["bash", _SCRIPT, "down"], check=True, capture_output=True)  # noqa: S607 - wherever it lies
