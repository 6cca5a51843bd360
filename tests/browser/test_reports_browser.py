"""One real visit: Streamlit on a loopback port, Chromium, the pages a user sees."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.browser.chromium import FLAGS, chromium
from tests.unit import reports_world as world

ROOT = Path(__file__).parents[2]
SCREENS = ROOT / "var" / "screens"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    data = world.normal(tmp_path_factory.mktemp("data"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = data.root / "streamlit.log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "reports/app.py",
             "--server.headless", "true", "--server.fileWatcherType", "none",
             "--browser.gatherUsageStats", "false", "--server.address", "127.0.0.1",
             "--server.port", str(port)],
            cwd=ROOT, env={**os.environ, "DATA_DIR": str(data.root)}, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    try:
        _wait(f"http://127.0.0.1:{port}/_stcore/health", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def _wait(url, server, log):
    for _ in range(120):
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - on loopback
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise AssertionError(f"the reports did not start: {log.read_text()}")


@pytest.fixture(scope="module")
def tab():
    playwright = pytest.importorskip("playwright.sync_api")
    path = chromium()
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=str(path), args=list(FLAGS))
        yield browser.new_page(viewport={"width": 1440, "height": 1000})
        browser.close()


def rest(tab):
    """Wait until the script has ended and nothing is a placeholder any more."""
    tab.get_by_role("heading", level=1).wait_for(timeout=60_000)
    tab.locator("[data-test-script-state=notRunning]").wait_for(timeout=60_000)
    tab.get_by_test_id("stStatusWidget").wait_for(state="detached", timeout=60_000)
    for part in tab.get_by_test_id("stSkeleton").all():
        part.wait_for(state="detached", timeout=60_000)
    tab.wait_for_timeout(1_000)  # the charts' own drawing has no event


def visit(tab, url, shot):
    """Open, wait for the title and for Streamlit to come to rest, keep a picture."""
    tab.goto(url)
    rest(tab)
    SCREENS.mkdir(parents=True, exist_ok=True)
    tab.screenshot(path=SCREENS / f"reports_{shot}.png")
    assert tab.get_by_test_id("stException").count() == 0
    return tab.get_by_test_id("stMain").inner_text()


def test_overview(address, tab):
    shown = visit(tab, address, "overview")
    assert "Release 2026.01.08" in shown
    assert "78.0%" in shown
    assert tab.locator("canvas, svg.marks").count() >= 3


def test_the_address_of_airflows_tab_opens_the_run(address, tab):
    run_id = quote(world.AIRFLOW_RUN, safe="")
    shown = visit(tab, f"{address}/?dag_id=build_performer_database&run_id={run_id}", "run")
    assert "One run" in shown
    assert "partial" in shown
    assert "Not all checks hold" in shown
    tab.get_by_role("link", name="Overview").click()
    tab.get_by_role("heading", level=1, name="Overview").wait_for(timeout=60_000)


def test_a_row_of_the_runs_opens_that_run(address, tab):
    visit(tab, f"{address}/runs", "runs")
    tab.locator(".dvn-scroller").first.click(position={"x": 15, "y": 52})
    tab.get_by_role("heading", level=1, name="One run").wait_for(timeout=60_000)
    rest(tab)
    assert "41" in tab.get_by_test_id("stMain").inner_text()


def test_versions(address, tab):
    shown = visit(tab, f"{address}/versions", "versions")
    assert "14 faces added" in shown
    assert (
        tab.locator("[data-testid=stMain] b, [data-testid=stMain] a[href^=javascript]").count() == 0
    )
