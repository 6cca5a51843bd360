"""The embedder beside the crawls, in a whole build that is killed in the middle of it."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from demo.world import World
from tests.e2e.conftest import CAPS, Trainer, image_requests
from tests.waiting import DEADLINE, wait_for
from trainer.processes.groups import started_at
from trainer.runs.beside import Beside, read_beside
from trainer.runs.record import list_records
from trainer.staging.paths import DataDir

pytestmark = pytest.mark.e2e
BESIDE = {"TRAINER_EMBED_BESIDE": "20"}


def beside(root: Path) -> Beside | None:
    return next((read_beside(run) for run in map(DataDir(root).run, _ids(root))), None)


def _ids(root: Path) -> list[str]:
    return [entry.run_id for entry in list_records(DataDir(root))]


def processes(root: Path) -> list[int]:
    """Everything that works in this DATA_DIR."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str(root) in (entry / "cmdline").read_text() + (entry / "environ").read_text():
                found.append(int(entry.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid() and started_at(pid)]


def test_pictures_are_embedded_while_others_are_fetched(demo_images, tmp_path):
    root = tmp_path / "data"
    root.mkdir()
    with World(week=1, images=demo_images) as world:
        trainer = Trainer(root, world.port)
        trainer.override(requests_per_minute=150)
        conf = json.dumps(CAPS)
        process = trainer.start("build", "--conf", conf, **BESIDE)
        wait_for(
            lambda: ((found := beside(root)) and found.batches) or process.poll() is not None, 240
        )
        assert process.poll() is None, process.communicate()[1][-3000:]
        asked = sum(image_requests(world).values())
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=DEADLINE)
        wait_for(lambda: not processes(root))
        done = trainer.run("build", "--json", "--conf", conf, **BESIDE)
        assert done.returncode == 0, done.stderr[-3000:]
        requests = image_requests(world)
    record = json.loads(done.stdout)
    assert record["status"] == "completed"
    assert 20 <= asked < len(requests)  # it was killed in the middle
    twice = [path for path, count in requests.items() if count > 1]
    assert len(twice) <= 40  # a part in hand
    embed = record["embed"]
    assert embed["beside"] >= 20
    assert embed["already"] + embed["embedded"] == embed["pictures"]
