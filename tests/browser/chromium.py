"""Debian's Chromium for browser tests."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> Path:
    """Chromium's path; installed by apt where we may, else the test is skipped with the command."""
    if not CHROMIUM.exists() and os.geteuid() == 0 and shutil.which("apt-get"):
        for command in ("update -q", "install -qy --no-install-recommends chromium"):
            subprocess.run(
                ["apt-get", *command.split()],  # noqa: S607 - wherever it lies
                check=False,
                capture_output=True,
                timeout=240,
            )
    if not CHROMIUM.exists():
        pytest.skip("no /usr/bin/chromium: run `apt-get install chromium` to test in a browser")
    return CHROMIUM
