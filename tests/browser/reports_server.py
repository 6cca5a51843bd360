"""The reports as a user starts them, on a loopback port, and how to look at them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.waiting import DEADLINE, wait_for

ROOT = Path(__file__).parents[2]


@contextmanager
def serving(data: Path, log: Path) -> Iterator[str]:
    """The address of a server over DATA_DIR `data`, which is ended afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "reports/server.py",
             "--server.headless", "true", "--server.fileWatcherType", "none",
             "--browser.gatherUsageStats", "false", "--server.address", "127.0.0.1",
             "--server.port", str(port)],
            cwd=ROOT, env={**os.environ, "DATA_DIR": str(data)}, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    try:
        _wait(f"http://127.0.0.1:{port}/_stcore/health", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(DEADLINE)


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    def answers() -> bool:
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=DEADLINE) as answer:  # noqa: S310 - on loopback
                return bool(answer.status == 200)
        except OSError:  # nobody listens yet
            return False

    wait_for(answers, every=0.5)


def rest(tab) -> None:
    """Wait until the script has ended and nothing is a placeholder any more."""
    tab.get_by_role("heading", level=1).wait_for()
    tab.locator("[data-test-script-state=notRunning]").wait_for()
    tab.get_by_test_id("stStatusWidget").wait_for(state="detached")
    for part in tab.get_by_test_id("stSkeleton").all():
        part.wait_for(state="detached")
    tab.wait_for_timeout(1_000)  # the charts' own drawing has no event


# Elements of a page that reach over its right edge; tables and tabs scroll by themselves.
_OVERFLOWING = """() => {
  const width = document.documentElement.clientWidth;
  const inside = '[role=tablist], [data-testid=stDataFrame], [data-testid=stTable]';
  return [...document.querySelectorAll('[data-testid=stMain] *')]
    .filter(e => !e.closest(inside) && e.getBoundingClientRect().width > 0)
    .filter(e => e.getBoundingClientRect().right > width + 2)
    .map(e => e.getAttribute('data-testid') || e.tagName);
}"""


def overflowing(tab) -> list[str]:
    return tab.evaluate(_OVERFLOWING)
