"""A disk on which every flush, rename and change of times takes long: nothing is taken for dead.

FAULT_SLOW_MS sets how long each takes where the whole of something runs (`make faults`: seconds).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.embed_job import Bench as EmbedBench
from tests.embed_job import embedder_python
from tests.faults.preloaded import library, needs_a_compiler
from tests.faults.step_world import StepWorld
from tests.faults.test_embed_kills import filled
from tests.recorded.bench import make_bench
from tests.recorded.box import serve
from trainer.config.settings import REPO_ROOT
from trainer.staging.leases import EXPIRES, RENEW, Taken, lease
from trainer.staging.manifest import StageManifest
from trainer.state.store import note_published, published_run_ids

SLOW_MS = int(os.environ.get("FAULT_SLOW_MS", "20"))
LONG = "FAULT_SLOW_MS" in os.environ
SOME = 8  # images
pytestmark = [pytest.mark.timeout(1_800), needs_a_compiler]


class Slow:
    """Makes the disk below `root` slow for every process that starts while it is `on`."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._library = library(root, "slow_disk")
        self._root, self._patch = root, monkeypatch

    def on(self, milliseconds: int) -> None:
        self._patch.setenv("LD_PRELOAD", str(self._library))
        self._patch.setenv("SLOW_ROOT", str(self._root))
        self._patch.setenv("SLOW_MS", str(milliseconds))


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Slow:
    return Slow(tmp_path, monkeypatch)


def test_the_disk_is_slow(slow, tmp_path):
    """Or nothing below would mean anything."""
    script = "import os, sys; stream = open(sys.argv[1], 'w'); os.fsync(stream)"
    slow.on(1_500)
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "x")], check=True)
    assert time.monotonic() - began > 1.5


def test_the_steps_of_a_build_give_the_same_release(slow, tmp_path):
    fast, world = StepWorld(tmp_path / "fast"), StepWorld(tmp_path / "slow")
    for each in (fast, world):
        each.week(0)
    assert fast.finish("week-000")[0] == 0
    slow.on(SLOW_MS)
    status, output = world.finish("week-000")
    assert status == 0, output
    names = ("performers.db", "faces.json", "performers.json", "face_facenet.voy")
    for name in names:
        assert (world.data.current / name).read_bytes() == (fast.data.current / name).read_bytes()


def test_a_crawl_whose_budgets_and_images_are_slow_ends(slow, tmp_path, monkeypatch):
    """A look at the budgets takes many intervals of this rate, and an image a second to write."""
    with serve() as box:
        box.add(SOME)
        bench = make_bench(box, tmp_path / "data", monkeypatch)
        bench.overrides = {"timeout_seconds": 10, "concurrent_requests": 8}
        slow.on(max(SLOW_MS, 100))
        assert bench.start().wait(900) == 0
        manifest = StageManifest.read(bench.context("r1").run.staging("stashdb"))
        assert manifest is not None and manifest.status == "complete"
        statuses = {row["status"] for row in bench.images().values()}
        assert statuses == {"fetched"}, bench.images()


def test_the_embedder_goes_on(slow, tmp_path):
    bench = EmbedBench(tmp_path)
    filled(bench, SOME)
    job = bench.job()
    slow.on(max(SLOW_MS, 200))
    argv = [str(embedder_python()), "-m", "embedder", str(job)]
    done = subprocess.run(argv, cwd=REPO_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_who_closes_the_database_slowly_is_waited_for(slow, tmp_path):
    """The last to close state.db moves its -wal into it, and keeps all others out meanwhile."""
    path = tmp_path / "state.db"
    note_published(path, "week-1", "v1", "2026.01.01", "2026-01-01T00:00:00Z")
    script = (
        "import sys; from pathlib import Path; from trainer.state.store import note_published\n"
        "note_published(Path(sys.argv[1]), 'week-2', 'v2', '2026.01.08', '2026-01-08T00:00:00Z')"
    )
    slow.on(4_000 if LONG else 1_500)
    writer = subprocess.Popen([sys.executable, "-c", script, str(path)], cwd=REPO_ROOT)
    while writer.poll() is None:
        assert "week-1" in published_run_ids(path)
        time.sleep(0.01)
    assert writer.returncode == 0
    assert published_run_ids(path) == {"week-1", "week-2"}


@pytest.mark.skipif(not LONG, reason="takes two minutes (`make faults`)")
def test_a_lease_that_is_renewed_slowly_is_held(slow, tmp_path):
    script = (
        "import sys, time; from pathlib import Path; from trainer.staging.leases import lease\n"
        "with lease(Path(sys.argv[1]), 'alone', 'theirs'):\n"
        "    time.sleep(float(sys.argv[2]))"
    )
    seconds = 2 * EXPIRES
    slow.on(int(1000 * (EXPIRES - RENEW) / 2))
    folder = tmp_path / "leases"
    folder.mkdir()
    argv = [sys.executable, "-c", script, str(folder), str(seconds)]
    holder = subprocess.Popen(argv, cwd=REPO_ROOT)
    end = time.monotonic() + seconds
    while not any(folder.iterdir()):
        time.sleep(0.1)
    while time.monotonic() < end and holder.poll() is None:
        with suppress(Taken), lease(folder, "alone", "ours"):
            raise AssertionError("two work alone")
        time.sleep(1)
    assert holder.wait(600) == 0, "it took itself for dead"
