"""A Chromium of this machine for the demo, where there is one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from trainer.processes.supervisor import Service

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    *("--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)


def chromium() -> str | None:
    """Its path, or None."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def browser(path: str, port: int, profile: Path) -> Service:
    """Headless, on loopback, with its own profile; answers DevTools on `port`."""
    # Root has no sandbox; this browser visits nothing but the demo world.
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    arguments = (f"--remote-debugging-port={port}", f"--user-data-dir={profile}", "about:blank")
    return Service("chrome", (path, *FLAGS, *sandbox, *arguments))
