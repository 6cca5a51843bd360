"""Children never outlive us, whatever happens to us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.waiting import DEADLINE, wait_for
from trainer.processes.child import WatchdogExpired, run_child

ROOT = Path(__file__).resolve().parents[2]
SLEEPER = """
import os, pathlib, sys, time
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
time.sleep(60)
"""
PARENT = """
import os, sys
from pathlib import Path
from trainer.processes.child import run_child
run_child([sys.executable, "-c", {sleeper!r}, sys.argv[1]], cwd=Path.cwd(),
          environment=os.environ, log_file=Path(sys.argv[2]), on_line=print)
"""


def test_output_goes_to_the_log_and_chosen_lines_are_handed_on(tmp_path):
    heard: list[str] = []
    script = "print('progress: 1'); print('secret detail'); raise SystemExit(3)"
    code = run_child(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        environment=os.environ,
        log_file=tmp_path / "logs" / "child.log",
        on_line=heard.append,
        line_prefix="progress:",
    )
    assert code == 3
    assert heard == ["progress: 1"]
    assert "secret detail" in (tmp_path / "logs" / "child.log").read_text()


def test_a_child_that_writes_nothing_is_killed(tmp_path):
    with pytest.raises(WatchdogExpired):
        run_child(
            ["/bin/sh", "-c", "echo $$ > pid; exec sleep 600"],  # starts within the time
            cwd=tmp_path,
            environment=os.environ,
            log_file=tmp_path / "log",
            on_line=print,
            silence_seconds=6,
        )
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_child_is_not_silent_while_we_write_what_it_said(tmp_path):
    """Our own slow disk says nothing of the child."""
    heard: list[str] = []

    def slowly(line: str) -> None:
        heard.append(line)
        time.sleep(4 if len(heard) == 1 else 0)

    run_child(
        ["/bin/sh", "-c", "echo a; echo b"],
        cwd=tmp_path,
        environment=os.environ,
        log_file=tmp_path / "log",
        on_line=slowly,
        silence_seconds=3,
    )
    assert heard == ["a", "b"]


def start_parent(tmp_path: Path, first: str = "") -> tuple[subprocess.Popen[bytes], int]:
    pid_file = tmp_path / "pid"
    script = first + PARENT.format(sleeper=SLEEPER)
    parent = subprocess.Popen([sys.executable, "-c", script, pid_file, tmp_path / "log"], cwd=ROOT)
    return parent, int(wait_for(lambda: pid_file.exists() and pid_file.read_text()))


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat").read_text()
    return stat.rpartition(")")[2].split()[0] == "Z"


def test_sigterm_stops_the_child_too(tmp_path):
    parent, child = start_parent(tmp_path)
    parent.send_signal(signal.SIGTERM)
    parent.wait(DEADLINE)
    wait_for(lambda: gone(child))


def test_ctrl_c_stops_a_child_that_says_nothing(tmp_path):
    parent, child = start_parent(tmp_path, "import polars\n")  # whose handler restarts what waits
    parent.send_signal(signal.SIGINT)
    parent.wait(30)
    wait_for(lambda: gone(child))


def test_kill_9_takes_the_child_along(tmp_path):
    parent, child = start_parent(tmp_path)
    parent.kill()
    parent.wait(DEADLINE)
    wait_for(lambda: gone(child))
