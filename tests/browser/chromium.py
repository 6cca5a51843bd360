"""Debian's Chromium for browser tests."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.waiting import DEADLINE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

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


@contextmanager
def launched() -> Iterator[Browser]:
    """A Chromium under Playwright; skips where either can't be had. Enter it before any server."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = chromium()
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(path), args=list(FLAGS))
        yield browser
        browser.close()


def new_page(browser: Browser, width: int, height: int, **options: Any) -> Page:
    """A tab that waits as long as a busy machine may take."""
    page = browser.new_page(viewport={"width": width, "height": height}, **options)
    page.set_default_timeout(1000 * DEADLINE)
    return page
