"""A headless Chromium with its DevTools port open, as an operator would run one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.browser.chromium import FLAGS, chromium
from tests.waiting import DEADLINE, wait_for


@contextmanager
def devtools(profile: Path) -> Iterator[str]:
    """Its address for CHROME_CDP_URL."""
    command: list[str | Path] = [chromium(), "--headless", *FLAGS, "--remote-debugging-port=0"]
    with (profile.parent / "chromium.log").open("w") as log:
        process = subprocess.Popen(
            [*command, f"--user-data-dir={profile}", "about:blank"], stdout=log, stderr=log
        )
    try:
        yield f"http://127.0.0.1:{_port(profile, process)}"
    finally:
        process.terminate()
        process.wait(timeout=DEADLINE)


def _port(profile: Path, process: subprocess.Popen[bytes]) -> int:
    port_file = profile / "DevToolsActivePort"
    said = lambda: port_file.exists() and port_file.read_text().splitlines()  # noqa: E731
    wait_for(lambda: said() or process.poll() is not None)
    lines = said()
    assert lines, f"Chromium opened no DevTools port, see {profile.parent}/chromium.log"
    return int(lines[0])
