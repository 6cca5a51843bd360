"""`make bench-reports`: each page's time to first content and its memory over a large DATA_DIR.

Each page runs in its own process: `first` is the first time that anybody opens it after the server
started (its imports not counted), `cpu` what of it was computing in that process (on a busy machine
the rest is waiting), `again` the next time, `peak` the memory of the process.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from tests.bench import reports_world
from trainer.config.settings import REPO_ROOT

PAGES = (
    *("overview", "new_build", "runs", "run", "versions", "quality", "sources", "performers"),
    *("review", "candidates", "exclusions", "health", "about"),
)
MOST_SECONDS = 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--performers", type=int, default=110_000)
    parser.add_argument("--faces", type=int, default=370_000)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--releases", type=int, default=30)
    parser.add_argument("--page", choices=PAGES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.page:
        _child(given.page, given.runs)
        return
    with tempfile.TemporaryDirectory(prefix="bench-reports-") as root:
        began = time.monotonic()
        sizes = (given.performers, given.faces, given.runs, given.releases)
        reports_world.make(Path(root), *sizes)
        print(  # noqa: T201
            "{:,} performers, {:,} faces, {:,} runs, {:,} releases".format(*sizes),
            f"made in {time.monotonic() - began:.0f} s",
        )
        print(f"{'page':<11}{'first':>9}{'cpu':>9}{'again':>9}{'peak':>9}")  # noqa: T201
        slow = [page for page in PAGES if _measure(page, given.runs, root) > MOST_SECONDS]
        if slow:
            print(f"over {MOST_SECONDS:g} s at first: {', '.join(slow)}")  # noqa: T201


def _measure(page: str, runs: int, root: str) -> float:
    """Print a page's line; returns the seconds of its first time."""
    argv = [sys.executable, "-m", "tests.bench.bench_reports", "--page", page, "--runs", str(runs)]
    environment = {**os.environ, "DATA_DIR": root, "TRAINER_REPORTS_ROLE": "operator"}
    done = subprocess.run(
        argv, cwd=REPO_ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{page}: {done.stderr[-2000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    first, cpu, again = found["first"], found["cpu"], found["again"]
    line = f"{page:<11}{first:>7.2f} s{cpu:>7.2f} s{again:>7.2f} s{found['peak_mb']:>6.0f} MB"
    print(line, flush=True)  # noqa: T201
    return float(first)


def _child(page: str, runs: int) -> None:
    import altair  # noqa: F401 - a server has imported these before anybody looks
    from streamlit.testing.v1 import AppTest

    # As `reports/server.py` and `reports/app.py` do when the server starts.
    for name in ("pandas", *(f"reports.app_pages.{page}" for page in PAGES)):
        import_module(name)
    source = f"from reports.app_pages import {page}\n{page}.show()"
    AppTest.from_string("import streamlit as st\nst.title('x')", default_timeout=60).run()
    seconds, computing = [], []
    for _ in range(2):
        at = AppTest.from_string(source, default_timeout=120)
        if page == "run":
            at.query_params["run_id"] = f"run-{runs - 1:04d}"
        began, worked = time.monotonic(), time.process_time()
        at.run()
        seconds.append(time.monotonic() - began)
        computing.append(time.process_time() - worked)
        if at.exception or not at.title:
            raise SystemExit(f"{page} shows nothing: {at.exception and at.exception[0].value}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"first": seconds[0], "cpu": computing[0], "again": seconds[1], "peak_mb": peak}
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main()
