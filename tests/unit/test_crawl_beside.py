"""Crawls of `trainer build` side by side: one that fails stops no other, one signal stops all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.unit.test_children import ROOT, gone
from tests.waiting import wait_for
from trainer.errors import StageFailed
from trainer.pipeline.crawl_beside import crawl_beside

PARENT = """
import os, sys
from pathlib import Path
from trainer.pipeline.crawl_beside import crawl_beside
from trainer.processes.child import run_child

SLEEPER = '''
import os, pathlib, sys, time
path = pathlib.Path(sys.argv[1])
path.with_suffix(".new").write_text(str(os.getpid()))
path.with_suffix(".new").rename(path)
time.sleep(600)
'''
folder = Path(sys.argv[1])

def crawl(source):
    run_child([sys.executable, "-c", SLEEPER, str(folder / source)], cwd=Path.cwd(),
              environment=os.environ, log_file=folder / f"{source}.log", on_line=print)
    (folder / f"{source}.done").touch()

crawl_beside(["a", "b", "c", "d"], 3, crawl)
"""


def test_an_error_stops_no_other_source_and_is_said_at_once(caplog):
    caplog.set_level("INFO", "trainer")
    said = threading.Event()
    done: list[str] = []

    def crawl(source: str) -> None:
        if source in ("b", "c"):
            raise StageFailed(f"{source}: no space; free some")
        wait_for(lambda: "crawl b: b: no space; free some" in caplog.messages)
        said.set()
        done.append(source)

    failed = crawl_beside(["a", "c", "b", "d"], 2, crawl)
    assert said.is_set() and sorted(done) == ["a", "d"]
    assert {key: str(error) for key, error in failed.items()} == {
        "c": "c: no space; free some",
        "b": "b: no space; free some",
    }
    assert list(failed) == ["c", "b"]  # as they were given


def test_so_many_are_crawled_at_a_time_and_no_more():
    both, at_work, most = threading.Barrier(2, timeout=60), set[str](), 0
    lock = threading.Lock()

    def crawl(source: str) -> None:
        nonlocal most
        with lock:
            at_work.add(source)
            most = max(most, len(at_work))
        both.wait()  # nobody goes on alone
        with lock:
            at_work.remove(source)
        both.wait()

    assert crawl_beside(["a", "b", "c", "d"], 2, crawl) == {}
    assert most == 2


@pytest.fixture
def parent(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT, tmp_path],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def children(folder: Path) -> list[int]:
    paths = [folder / name for name in ("a", "b", "c")]
    wait_for(lambda: all(path.exists() for path in paths), 120)
    return [int(path.read_text()) for path in paths]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_one_signal_stops_all_and_none_begins(parent, tmp_path, number):
    pids = children(tmp_path)
    parent.send_signal(number)
    _, errors = parent.communicate(timeout=120)
    assert parent.returncode != 0
    wait_for(lambda: all(gone(pid) for pid in pids), 60)
    assert not (tmp_path / "d").exists()
    assert not list(tmp_path.glob("*.done"))  # no crawl ended as if nothing had been
    if number != signal.SIGKILL:
        assert {signal.SIGINT: "KeyboardInterrupt", signal.SIGTERM: "Stopped"}[number] in errors
